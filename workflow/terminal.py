"""What a person sees of a run: two lines a job, what the jobs say in between, and an end that says what came out.

Snakemake shows more when asked (`--printshellcmds`, `--verbose`, `--dry-run`), and its own log holds all of it.
"""

import logging
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SHOWN = 5  # failed jobs in the end
# Of no use to who runs it, or said better by the end.
NOISE = (
    "Assuming unrestricted shared filesystem",
    "At least one job did not complete successfully",
    "Complete log(s):",
    "Conda environments: ignored",
    "Config file",
    "Elapsed time:",
    "Execute ",
    "Exiting because a job execution failed",
    "Group jobs: inactive",
    "Removing output files of failed job",
    "Select jobs to execute",
    "Shutting down",
    "Singularity containers: ignored",
    "Terminating processes on user request",
    "Touching output file",
    "Using shell:",
    "WorkflowError:\nAt least one job did not complete successfully",
)
LOCKED = (
    "c3: another run makes the same files in this folder, or was killed while it did; allowed is one run at a time, and"
    " after a kill the same command once with --unlock, which makes nothing, and then again without."
)
INTERRUPTED = "Interrupted. The same command goes on where this run stopped."


class Failure(NamedTuple):
    """A job that failed: its name, its logs, and what Snakemake knows of the cause."""

    name: str
    logs: list[str]
    cause: str = ""


class Screen(logging.Handler):
    """Shows the records of Snakemake; ``summary`` says what stands there when there is nothing to do."""

    def __init__(self, summary: Callable[[], str]):
        super().__init__()
        self.summary, self.begun = summary, time.time()
        self.names, self.finished, self.statuses = {}, [], []
        self.failures: dict[int, Failure] = {}
        self.interrupted = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            event = getattr(record, "event", None)
            if text := getattr(self, f"_{event}", lambda record: "")(record):
                say(text)
        except Exception:
            self.handleError(record)

    def end(self) -> str:
        """The last lines of a run that failed."""
        if self.interrupted:
            return INTERRUPTED
        failures = list(self.failures.values())
        lines = [f"{sentence(failure, self.begun)}\nlog: {', '.join(failure.logs)}" for failure in failures[:SHOWN]]
        if len(failures) > SHOWN:
            lines.insert(0, f"{len(failures)} jobs failed; {SHOWN} of them:")
        return "\n".join(lines)

    def _None(self, record):
        text = str(record.msg or "")
        self.interrupted |= text.startswith(("Terminating processes on user request", "Will exit after finishing"))
        if text.startswith("Nothing to be done"):
            return f"{text}\n{self.summary()}".rstrip()
        return "" if text.startswith(NOISE) else text

    def _error(self, record):
        """An exception; that of a shell command is its text, and the job's own record follows."""
        text = str(record.msg)
        if "CalledProcessError" in text:
            self.statuses.append(text)
            return ""
        return LOCKED if "Directory cannot be locked" in text else self._None(record)

    def _run_info(self, record):
        counts = {name: count for name, count in record.stats.items() if name != "total"}
        todo = ", ".join(name if count == 1 else f"{count} {name}" for name, count in counts.items())
        return f"{record.stats['total']} jobs to do: {todo}"

    def _job_info(self, record):
        self.names[record.jobid] = job_name(record.rule_name, record.wildcards)
        return f"{clock()}  {self.names[record.jobid]} …" if record.log else ""

    def _job_finished(self, record):
        self.finished.append(self.names.get(record.job_id, ""))
        self.failures.pop(record.job_id, None)

    def _progress(self, record):
        names, self.finished = ", ".join(self.finished), []
        return f"{clock()}  {names} done, {record.done} of {record.total}"

    def _job_error(self, record):
        name = self.names.get(record.jobid, record.rule_name)
        said = next((text for text in self.statuses if record.shellcmd and record.shellcmd in text), "")
        cause = str(record.rule_msg or exit_of(said)).partition("\n")[0]
        self.failures[record.jobid] = Failure(name, list(record.log), cause)
        return f"{clock()}  {name} {'stopped' if 'SIGINT' in said else 'failed'}"


def say(text: str) -> None:
    """Write whole lines at once, as the jobs do that write to the same screen."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def clock() -> str:
    """The time of day."""
    return time.strftime("%H:%M:%S")


def job_name(rule: str, wildcards: dict) -> str:
    """`train stage1 seed 0`: the rule and its wildcards, numbers with the name of what they count."""
    values = (f"{key} {value}" if str(value).isdigit() else str(value).strip("/") for key, value in wildcards.items())
    return " ".join([rule, *filter(None, values)])


def exit_of(text: str) -> str:
    """How a shell command ended, from the exception's text."""
    status = re.search(r"non-zero exit status (\d+)", text)
    if not status:
        return ""
    status = int(status[1])
    killed = " (killed, perhaps for lack of memory)" if status == 128 + 9 else ""
    return f"exit status {status}{killed}"


def sentence(failure: Failure, begun: float) -> str:
    """Why a job failed: c3's sentence, or the last line of a traceback, or what Snakemake knows.

    Logs from before the run began say nothing about it.
    """
    logs = [Path(path) for path in failure.logs]
    lasts = [last_line(path) for path in logs if path.exists() and path.stat().st_mtime >= begun]
    for last in lasts:
        if last.startswith("c3: "):
            return last
    raised = next((last for last in lasts if re.match(r"[A-Za-z_][\w.]*(: |$)", last)), "")
    why = raised or failure.cause
    return f"c3: {failure.name} failed" + (f": {why}" if why else "")


def last_line(path: Path) -> str:
    """The last line of a log that is not empty."""
    lines = path.read_text(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "")


def take_over(workflow, summary: Callable[[], str]) -> Screen | None:
    """Show the run by a :class:`Screen`, unless Snakemake is asked for more or less than it shows of itself."""
    asked = workflow.output_settings
    plain = not (asked.dryrun or asked.verbose or asked.printshellcmds or asked.debug_dag or asked.quiet)
    logger = workflow.logger_manager.logger
    shown = [handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"]
    if not (workflow.is_main_process and plain and shown):
        return None
    for handler in shown:
        logger.removeHandler(handler)
    screen = Screen(summary)
    logger.addHandler(screen)
    return screen
