"""Solve a routing problem with VROOM, in a process of its own and without Odoo.

VROOM holds Python's interpreter while it works, and may crash it. The problem comes as
JSON on standard input, see `engine.backlog.to_vroom`; after each level of exploration a
line of JSON goes to standard output. Whoever started this may end it at any time.
"""

import json
import signal
import sys


def main() -> None:
    # To whom nobody listens any more ends by itself, even inside VROOM.
    problem = json.load(sys.stdin)
    if hasattr(signal, "alarm"):
        signal.alarm(problem["seconds"])
    answers = sys.stdout
    sys.stdout = sys.stderr
    import vroom

    for level in problem["levels"]:
        # An input is used up by what solves it.
        solution = _input(vroom, problem).solve(level, problem["threads"])
        found = solution.to_dict()
        routes = {
            route["vehicle"]: [
                step["id"] for step in route["steps"] if step["type"] == "job"
            ]
            for route in found["routes"]
        }
        answers.write(json.dumps({"level": level, "routes": routes}) + "\n")
        answers.flush()


def _input(vroom, problem: dict):
    """Return VROOM's input for a problem."""
    given = vroom.Input()
    given.set_durations_matrix("car", problem["travel"])
    for vehicle in problem["vehicles"]:
        given.add_vehicle(
            vroom.Vehicle(
                vehicle["id"],
                start=vehicle["start"],
                end=vehicle["end"],
                skills=set(vehicle["skills"]),
                time_window=vroom.TimeWindow(*vehicle["window"]),
                breaks=[
                    vroom.Break(
                        number,
                        time_windows=[vroom.TimeWindow(low, high)],
                        service=length,
                    )
                    for number, (low, high, length) in enumerate(vehicle["breaks"], 1)
                ],
            )
        )
    for job in problem["jobs"]:
        given.add_job(
            vroom.Job(
                job["id"],
                job["place"],
                default_service=job["minutes"],
                skills=set(job["skills"]),
                priority=job["priority"],
                time_windows=[vroom.TimeWindow(*window) for window in job["windows"]],
            )
        )
    return given


if __name__ == "__main__":
    main()
