"""Jobs: the queue, leases, cancelling, and what each key sees."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from turned_clock import TurnedClock

from nettide.errors import LimitError, OptionError, StoreError
from nettide.store.sql.engine import Store, open_store
from nettide.store.sql.job_record import OPEN, TRANSITIONS, JobRecord, JobState, sources
from nettide.store.sql.keys import Scope
from nettide.store.sql.tables import jobs

NONE = "0" * 20


def found(store: Store, job: JobRecord) -> JobRecord:
    now = store.jobs.get(job.id, None)
    assert now is not None
    return now


def claimed(store: Store, worker: str = "w", lease_seconds: float = 30.0) -> JobRecord:
    job = store.jobs.claim(worker, lease_seconds)
    assert job is not None
    return job


def test_a_job_comes_back_as_it_was_submitted(store: Store, key_id: str, clock: TurnedClock) -> None:
    request: dict[str, Any] = {"text": "ü \0 \ud800 'x'; --", "list": [1, 2.5, None, True], "deep": {"a": {}}}
    job = store.jobs.submit("backtest", request, key_id)
    assert job == JobRecord(
        id=job.id, kind="backtest", request=request, key_id=key_id, state=JobState.queued, attempts=0, worker=None,
        lease_until=None, cancel_requested=False, progress=0.0, note="", message=None, result_id=None,
        created=clock(), started=None, finished=None,
    )  # fmt: skip
    assert store.jobs.get(job.id, key_id) == job


def test_another_connection_sees_a_job_as_soon_as_it_is_submitted(store: Store, key_id: str, url: str) -> None:
    job = store.jobs.submit("fit", {}, key_id)
    other = open_store(url)
    assert other.jobs.get(job.id, key_id) == job
    other.close()


def test_jobs_are_claimed_in_the_order_they_were_submitted(store: Store, key_id: str) -> None:
    made = [store.jobs.submit("fit", {"n": n}, key_id).id for n in range(5)]
    assert [claimed(store).id for _ in made] == made
    assert store.jobs.claim("w", 30.0) is None


def test_a_claimed_job_runs_with_its_worker_until_its_lease_ends(store: Store, key_id: str, clock: TurnedClock) -> None:
    made = store.jobs.submit("fit", {}, key_id)
    started = clock.turn(5)
    job = claimed(store, "host:17", 30.0)
    assert (job.id, job.state, job.worker, job.attempts) == (made.id, JobState.running, "host:17", 1)
    assert (job.started, job.lease_until) == (started, clock.turn(30))
    assert found(store, job) == job


def test_a_heartbeat_renews_the_lease_and_says_how_far_it_is(store: Store, key_id: str, clock: TurnedClock) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store, "w", 30.0)
    clock.turn(29)
    assert store.jobs.heartbeat(job.id, "w", 0.25, note="fitting\0 lstm")
    now = found(store, job)
    assert (now.progress, now.note) == (0.25, "fitting\0 lstm")
    clock.turn(29)
    assert store.jobs.claim("other", 30.0) is None
    assert now.lease_until == clock.turn(1)


def test_a_job_whose_worker_vanished_goes_to_the_next_and_is_lost_to_the_first(
    store: Store, key_id: str, clock: TurnedClock
) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store, "first", 30.0)
    store.jobs.heartbeat(job.id, "first", 0.9, note="almost")
    clock.turn(30.000001)
    again = claimed(store, "second")
    assert (again.id, again.attempts, again.worker, again.progress, again.note) == (job.id, 2, "second", 0.0, "")
    assert not store.jobs.heartbeat(job.id, "first", 0.95)
    assert not store.jobs.finish(job.id, "first", None)
    assert not store.jobs.fail(job.id, "first", "late")
    assert not store.jobs.release(job.id, "first")
    assert found(store, job) == again
    assert store.jobs.finish(job.id, "second", None)


def test_a_worker_that_is_late_but_not_replaced_may_still_finish(store: Store, key_id: str, clock: TurnedClock) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store)
    clock.turn(3600)
    assert store.jobs.heartbeat(job.id, "w", 0.5)
    clock.turn(3600)
    assert store.jobs.finish(job.id, "w", None)
    assert found(store, job).state == JobState.done


def test_a_job_that_kills_its_workers_fails_after_three_attempts(store: Store, key_id: str, clock: TurnedClock) -> None:
    made = store.jobs.submit("fit", {}, key_id)
    other = store.jobs.submit("fit", {}, key_id)
    for attempt in (1, 2, 3):
        job = claimed(store, f"w{attempt}")
        assert (job.id, job.attempts) == (made.id, attempt)
        clock.turn(31)
    assert claimed(store).id == other.id
    now = found(store, made)
    assert (now.state, now.finished, now.lease_until) == (JobState.failed, clock(), None)
    assert now.message == "given up: 3 workers took it and were not heard of again, the last w3"


def test_a_finished_job_names_its_result(store: Store, key_id: str, clock: TurnedClock) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store)
    result = store.results.put(b"{}", "application/json", key_id)
    ended = clock.turn(7)
    assert store.jobs.finish(job.id, "w", result.id)
    now = found(store, job)
    assert (now.state, now.result_id, now.finished, now.progress) == (JobState.done, result.id, ended, 1.0)
    assert (now.lease_until, now.worker) == (None, "w")


def test_finishing_twice_is_finishing_once_but_not_with_another_result(store: Store, key_id: str) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store)
    first, second = (store.results.put(content, "text/plain", key_id).id for content in (b"1", b"2"))
    assert store.jobs.finish(job.id, "w", first)
    assert store.jobs.finish(job.id, "w", first)
    assert not store.jobs.finish(job.id, "w", second)
    assert not store.jobs.finish(job.id, "other", first)
    assert found(store, job).result_id == first


@pytest.mark.parametrize("result_id", [NONE, "x", "\0"])
def test_a_result_that_was_not_kept_is_refused(store: Store, key_id: str, result_id: str) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store)
    with pytest.raises(StoreError, match=r"result .* does not exist; keep it before the job ends"):
        store.jobs.finish(job.id, "w", result_id)
    assert found(store, job).state == JobState.running


def test_a_failed_job_keeps_its_message_and_is_not_tried_again(store: Store, key_id: str) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store)
    assert store.jobs.fail(job.id, "w", "too short \0 \ud800 " + "x" * 9000)
    now = found(store, job)
    assert now.state == JobState.failed
    assert now.message == ("too short \0 \ud800 " + "x" * 9000)[:4000]
    assert store.jobs.claim("w", 30.0) is None


def test_the_job_of_a_vanished_worker_comes_before_those_that_were_submitted_later(
    store: Store, key_id: str, clock: TurnedClock
) -> None:
    gone, stopped, waiting = (store.jobs.submit("fit", {"n": n}, key_id) for n in range(3))
    claimed(store), claimed(store)
    store.jobs.request_cancel(stopped.id)
    clock.turn(31)
    assert [claimed(store).id, claimed(store).id] == [gone.id, waiting.id]
    assert found(store, stopped).state == JobState.cancelled


def test_a_released_job_is_the_next_one_and_its_attempt_does_not_count(store: Store, key_id: str) -> None:
    first = store.jobs.submit("fit", {}, key_id)
    store.jobs.submit("fit", {}, key_id)
    for _ in range(5):
        job = claimed(store)
        assert (job.id, job.attempts) == (first.id, 1)
        assert store.jobs.release(job.id, "w")
    assert (found(store, first).state, found(store, first).worker) == (JobState.queued, None)


def test_a_waiting_job_is_cancelled_at_once(store: Store, key_id: str, clock: TurnedClock) -> None:
    job = store.jobs.submit("fit", {}, key_id)
    now = store.jobs.request_cancel(job.id, key_id)
    assert now is not None
    assert (now.state, now.finished, now.cancel_requested) == (JobState.cancelled, clock(), True)
    assert store.jobs.cancelled(job.id)
    assert store.jobs.claim("w", 30.0) is None


def test_a_running_job_is_cancelled_when_its_worker_stops(store: Store, key_id: str) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store)
    assert not store.jobs.cancelled(job.id)
    assert not store.jobs.stop(job.id, "w"), "nobody asked"
    now = store.jobs.request_cancel(job.id)
    assert now is not None
    assert (now.state, now.cancel_requested, now.finished) == (JobState.running, True, None)
    assert store.jobs.cancelled(job.id)
    assert not store.jobs.stop(job.id, "other")
    assert store.jobs.stop(job.id, "w")
    assert found(store, job).state == JobState.cancelled


def test_a_job_that_is_done_before_its_worker_heard_of_the_cancelling_is_done(store: Store, key_id: str) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store)
    store.jobs.request_cancel(job.id)
    assert store.jobs.finish(job.id, "w", None)
    assert found(store, job).state == JobState.done


@pytest.mark.parametrize("how", ["vanished", "released"])
def test_a_job_to_be_cancelled_does_not_return_to_the_queue(
    store: Store, key_id: str, clock: TurnedClock, how: str
) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store)
    store.jobs.request_cancel(job.id)
    if how == "released":
        assert store.jobs.release(job.id, "w")
    clock.turn(31)
    assert store.jobs.claim("other", 30.0) is None
    assert found(store, job).state == JobState.cancelled


def test_a_job_that_ended_cannot_be_cancelled(store: Store, key_id: str) -> None:
    store.jobs.submit("fit", {}, key_id)
    job = claimed(store)
    store.jobs.finish(job.id, "w", None)
    done = found(store, job)
    assert store.jobs.request_cancel(job.id) == done
    assert not store.jobs.cancelled(job.id)


def test_a_key_sees_and_cancels_its_own_jobs_only(store: Store, key_id: str) -> None:
    other = store.keys.create("other", frozenset({Scope.forecast}), None)[1].id
    job = store.jobs.submit("fit", {}, key_id)
    assert store.jobs.get(job.id, other) is None
    assert store.jobs.request_cancel(job.id, other) is None
    assert store.jobs.list(other, 10) == []
    assert store.jobs.count_open(other) == 0
    assert store.jobs.get(job.id, None) == job
    with pytest.raises(OptionError, match=r"there is no job .* to go on after"):
        store.jobs.list(other, 10, job.id)


def test_pages_of_the_list_follow_one_another_newest_first(store: Store, key_id: str) -> None:
    made = [store.jobs.submit("fit", {"n": n}, key_id) for n in range(7)]
    pages, after = [], None
    while page := store.jobs.list(key_id, 3, after):
        pages.append(page)
        after = page[-1].id
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [job for page in pages for job in page] == made[::-1]
    assert store.jobs.list(None, 1000) == made[::-1]


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_of_no_or_too_many_jobs_is_refused(store: Store, key_id: str, limit: int) -> None:
    with pytest.raises(OptionError, match=rf"limit {limit} is not between 1 and 1,000"):
        store.jobs.list(key_id, limit)


def test_open_jobs_are_those_that_wait_or_run(store: Store, key_id: str) -> None:
    for _ in range(4):
        store.jobs.submit("fit", {}, key_id)
    store.jobs.finish(claimed(store).id, "w", None)
    store.jobs.fail(claimed(store).id, "w", "x")
    claimed(store)
    assert store.jobs.count_open(key_id) == store.jobs.count_open(None) == 2
    assert store.jobs.counts() == {"queued": 1, "running": 1, "done": 1, "failed": 1, "cancelled": 0}


def test_a_key_has_no_more_open_jobs_than_it_may(store: Store, key_id: str) -> None:
    for _ in range(2):
        store.jobs.submit("fit", {}, key_id, most_open=2)
    with pytest.raises(LimitError, match=r"2 jobs of this key wait or run, 2 are the most; wait for one to end"):
        store.jobs.submit("fit", {}, key_id, most_open=2)
    store.jobs.finish(claimed(store).id, "w", None)
    store.jobs.submit("fit", {}, key_id, most_open=2)


def test_submitting_from_many_threads_does_not_pass_the_limit(store: Store, key_id: str) -> None:
    def submit(_: int) -> bool:
        try:
            store.jobs.submit("fit", {}, key_id, most_open=5)
        except LimitError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(submit, range(24))) == 5
    assert store.jobs.count_open(key_id) == 5


def test_no_two_of_eight_workers_get_the_same_job(store: Store, key_id: str, url: str, clock: TurnedClock) -> None:
    made = {store.jobs.submit("fit", {"n": n}, key_id).id for n in range(60)}
    barrier = threading.Barrier(8)

    def work(number: int) -> list[str]:
        own = open_store(url, clock=clock) if number % 2 else store
        taken = []
        barrier.wait()
        while job := own.jobs.claim(f"w{number}", 30.0):
            taken.append(job.id)
            assert own.jobs.finish(job.id, f"w{number}", None)
        if own is not store:
            own.close()
        return taken

    with ThreadPoolExecutor(8) as threads:
        taken = [job for found in threads.map(work, range(8)) for job in found]
    assert sorted(taken) == sorted(made)
    assert store.jobs.counts()[JobState.done] == 60


def test_many_expired_leases_return_once_each_to_many_workers(store: Store, key_id: str, clock: TurnedClock) -> None:
    made = {store.jobs.submit("fit", {}, key_id).id for _ in range(20)}
    for _ in made:
        claimed(store, "gone")
    clock.turn(31)
    with ThreadPoolExecutor(8) as threads:
        again = [job for job in threads.map(lambda n: store.jobs.claim(f"w{n}", 30.0), range(40)) if job]
    assert sorted(job.id for job in again) == sorted(made)
    assert {job.attempts for job in again} == {2}


@pytest.mark.parametrize("id", ["", NONE, "x", "\0", "A" * 20, "0" * 21, "\ud800", "0' OR '1'='1'--aaaaaa"])
def test_a_job_that_does_not_exist_is_nothing_rather_than_an_error(store: Store, key_id: str, id: str) -> None:
    assert store.jobs.get(id, key_id) is None
    assert store.jobs.get(id, None) is None
    assert store.jobs.request_cancel(id) is None
    assert not store.jobs.cancelled(id)
    assert not store.jobs.heartbeat(id, "w", 0.5)
    assert not store.jobs.finish(id, "w", None)
    assert not store.jobs.fail(id, "w", "x")
    assert not store.jobs.stop(id, "w")
    assert not store.jobs.release(id, "w")
    with pytest.raises(OptionError, match=r"there is no job"):
        store.jobs.list(key_id, 10, id)


@pytest.mark.parametrize("unknown", ["", "aaaaaaaaaaaa", "\0"])
def test_a_key_that_does_not_exist_cannot_submit(store: Store, unknown: str) -> None:
    with pytest.raises(StoreError, match=r"the key that asks for the job does not exist"):
        store.jobs.submit("fit", {}, unknown)


def test_a_request_that_json_cannot_hold_or_is_too_large_is_refused(store: Store, key_id: str) -> None:
    for request in ({"a": float("nan")}, {"a": object()}, {"a": b"x"}):
        with pytest.raises(StoreError, match=r"JSON cannot hold the request of the job: "):
            store.jobs.submit("fit", request, key_id)
    with pytest.raises(StoreError, match=r"has 1,048,577 bytes, 1,048,576 are the most; keep its data as a result"):
        store.jobs.submit("fit", {"a": "x" * (2**20 - 7)}, key_id)
    store.jobs.submit("fit", {"a": "x" * (2**20 - 8)}, key_id)
    assert store.jobs.count_open(key_id) == 1


def test_kinds_workers_leases_and_progress_that_make_no_sense_are_refused(store: Store, key_id: str) -> None:
    with pytest.raises(OptionError, match=r"job kind '' cannot be used; write 1 to 50 printable characters"):
        store.jobs.submit("", {}, key_id)
    with pytest.raises(OptionError, match=r"worker 'a.*' cannot be used; write 1 to 200 printable characters"):
        store.jobs.claim("a\nb", 30.0)
    for lease in (0.0, -1.0, float("nan"), 86_401.0):
        with pytest.raises(OptionError, match=rf"lease of {lease} s must be above 0 and at most 86400 s"):
            store.jobs.claim("w", lease)
    for progress in (-0.1, 1.1, float("nan")):
        with pytest.raises(OptionError, match=rf"progress {progress} of job '{NONE}' is not between 0 and 1"):
            store.jobs.heartbeat(NONE, "w", progress)


def test_old_jobs_that_ended_are_purged_and_open_ones_never(store: Store, key_id: str, clock: TurnedClock) -> None:
    ended, running, waiting = (store.jobs.submit("fit", {"n": n}, key_id) for n in range(3))
    store.jobs.finish(claimed(store).id, "w", None)
    claimed(store, "w", 86_400)
    assert store.jobs.purge(clock()) == 0, "it ended just now"
    later = clock.turn(1)
    assert store.jobs.purge(later) == 1
    assert store.jobs.get(ended.id, None) is None
    assert {job.id for job in store.jobs.list(None, 10)} == {running.id, waiting.id}


def test_a_new_job_stands_behind_all_others_even_if_the_newest_was_purged(
    store: Store, key_id: str, clock: TurnedClock
) -> None:
    first, last = (store.jobs.submit("fit", {"n": n}, key_id) for n in range(2))
    store.jobs.request_cancel(last.id)
    store.jobs.purge(clock.turn(1))
    new = store.jobs.submit("fit", {}, key_id)
    assert [job.id for job in store.jobs.list(None, 10)] == [new.id, first.id]


def test_the_database_itself_knows_no_other_state(store: Store, key_id: str) -> None:
    job = store.jobs.submit("fit", {}, key_id)
    with (
        pytest.raises(StoreError, match=r"cannot use database .*[Cc][Hh][Ee][Cc][Kk]") as caught,
        store.database.write() as connection,
    ):
        connection.execute(update(jobs).where(jobs.c.id == job.id).values(state="lost"))
    assert isinstance(caught.value.__cause__, IntegrityError)


def test_only_ended_states_have_no_next_one() -> None:
    assert {JobState.queued, JobState.running} == OPEN
    assert sources(JobState.running) == {JobState.queued}
    assert sources(JobState.done) == sources(JobState.failed) == {JobState.running}
    assert set(TRANSITIONS) == set(JobState)


class Queue(RuleBasedStateMachine):
    """Two workers, two keys and a clock do anything in any order; a job only ever goes where the table allows."""

    store: Store
    clock: TurnedClock
    owners: tuple[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.last: dict[str, JobRecord] = {}
        with self.store.database.write() as connection:  # what the example before left
            connection.execute(delete(jobs))

    def job(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.last)))

    @rule(owner=st.integers(0, 1))
    def submit(self, owner: int) -> None:
        job = self.store.jobs.submit("fit", {}, self.owners[owner])
        self.last[job.id] = job

    @rule(worker=st.sampled_from("ab"), lease=st.sampled_from([1.0, 5.0]))
    def claim(self, worker: str, lease: float) -> None:
        before = {job.id: job for job in self.store.jobs.list(None, 1000)}
        job = self.store.jobs.claim(worker, lease)
        if job is None:
            assert JobState.queued not in {one.state for one in before.values()}
        else:
            old = before[job.id]
            assert old.state == JobState.queued or (old.lease_until is not None and old.lease_until < self.clock())

    @precondition(lambda self: self.last)
    @rule(data=st.data(), worker=st.sampled_from("ab"), what=st.sampled_from(["heartbeat", "finish", "fail", "stop"]))
    def act(self, data: st.DataObject, worker: str, what: str) -> None:
        id = self.job(data)
        before = self.store.jobs.get(id, None)
        assert before is not None
        arguments = {"heartbeat": (0.5,), "finish": (None,), "fail": ("x",), "stop": ()}[what]
        said = getattr(self.store.jobs, what)(id, worker, *arguments)
        holds = before.state == JobState.running and before.worker == worker
        ended = {"finish": JobState.done, "fail": JobState.failed, "stop": JobState.cancelled}.get(what)
        if what == "stop" and not before.cancel_requested:
            assert not said
        elif holds:
            assert said
        else:
            assert said == (before.state == ended and before.worker == worker)

    @precondition(lambda self: self.last)
    @rule(data=st.data(), worker=st.sampled_from("ab"))
    def release(self, data: st.DataObject, worker: str) -> None:
        self.store.jobs.release(self.job(data), worker)

    @precondition(lambda self: self.last)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.store.jobs.request_cancel(self.job(data))

    @rule(seconds=st.sampled_from([0.5, 2.0, 6.0]))
    def wait(self, seconds: float) -> None:
        self.clock.turn(seconds)

    @invariant()
    def every_step_is_in_the_table(self) -> None:
        for id, before in self.last.items():
            now = self.store.jobs.get(id, None)
            assert now is not None, "lost"
            if now.state != before.state:
                reached = TRANSITIONS[before.state]
                through = {far for near in reached for far in TRANSITIONS[near]}  # a claim may return and take at once
                assert now.state in reached | through
            if before.state not in OPEN:
                assert now == before, "what ended does not change"
            assert (now.finished is None) == (now.state in OPEN)
            assert (now.lease_until is None) == (now.state != JobState.running)
            assert now.attempts <= 3
            self.last[id] = now


def test_whatever_workers_and_clients_do_no_job_is_lost_or_leaves_the_table(store: Store, clock: TurnedClock) -> None:
    Queue.store, Queue.clock = store, clock
    Queue.owners = tuple(store.keys.create(name, frozenset({Scope.forecast}), None)[1].id for name in "xy")  # type: ignore[assignment]
    run_state_machine_as_test(
        Queue,
        settings=settings(
            derandomize=True, max_examples=8, stateful_step_count=25, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@settings(derandomize=True, max_examples=60)
@given(start=st.sampled_from(JobState), end=st.sampled_from(JobState))
def test_sources_is_the_table_read_backwards(start: JobState, end: JobState) -> None:
    assert (start in sources(end)) == (end in TRANSITIONS[start])
