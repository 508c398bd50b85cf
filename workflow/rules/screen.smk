"""What stands on the screen while a run goes on, and at its end."""

import terminal


def made(*names):
    """What rules of these names make in this run, or have made before."""
    return [str(job.output[0]) for job in workflow.dag.jobs if job.rule.name in names]


def summary():
    """The end of a run that went well: the headline numbers and what to open; nothing if no page was asked for."""
    recognised = [f"Open {path}" for path in made("recognised")]
    lines = recognised or [f"Fill in the labels in {path}" for path in made("sheet")]
    unlabelled = [name for name, row in CONFIG.rows.items() if not row.labels]
    for page in made("results_page"):
        from c3.report import headline  # takes a second

        html = Path(page).parent / "report/index.html"
        numbers = headline.lines(Path(page).parent / "metrics.csv", unlabelled)
        lines += [*numbers, f"Open {html if html.exists() else page}"]
    return "\n".join(lines)


SCREEN = terminal.take_over(workflow, summary)


onsuccess:
    if ending := summary():
        terminal.say(ending)


onerror:
    if SCREEN:
        terminal.say(SCREEN.end() or f"c3: a job failed, see above\nlog: {log[0]}")
