"""What stands on the screen while a run goes on, and at its end."""


def made(*names):
    """What rules of these names make in this run, or have made before."""
    return [str(job.output[0]) for job in workflow.dag.jobs if job.rule.name in names]


def summary():
    """The end of a run that went well: the headline numbers and what to open; nothing if no page was asked for."""
    recognised = [f"Open {path}" for path in made("review", "recognised", "new_recordings")]
    sheets = [Path(path) for path in made("sheet")]
    lines = recognised or [f"Label on {path.with_suffix('')}/index.html, or fill in {path}" for path in sheets]
    for page in made("results_page"):
        import pandas as pd  # takes a second, like the next
        from c3.report import tables

        numbers = tables.headline_lines(pd.read_csv(Path(page).parent / "metrics.csv"))
        lines += [*numbers, f"Open {Path(page).parent / 'report/index.html'}"]
    lines += [f"Open {Path(table).with_suffix('.md')}" for table in made("folds_table")]
    return "\n".join(lines)


if workflow.modifier.is_main_snakefile():  # as a module, the screen is that of the other workflow
    import terminal

    SCREEN = terminal.take_over(workflow, summary)
    # Of a job that is killed, bash would print the whole command; what the job says goes through its log.
    shell.prefix("set -euo pipefail; exec 2>/dev/null; ")


onstart:
    told(check_dates, {str(path) for job in workflow.dag.needrun_jobs() for path in job.input}, time.time())


onsuccess:
    if ending := summary():
        terminal.say(ending)


onerror:
    if SCREEN:
        terminal.say(SCREEN.end() or f"c3: a job failed, see above\nlog: {log[0]}")
