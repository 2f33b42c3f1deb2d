"""Clients that other people wrote, given the address of ComfyUI and then ours: they can't tell which is which."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from comfy_api_simplified import ComfyApiWrapper
from comfy_api_simplified.exceptions import ComfyApiError
from comfyui_xy.client import ComfyUiClient, ComfyUiHttpError, _iter_file_entries
from lab import picture


def files(outputs):
    return [item for _, _, item in _iter_file_entries(outputs)]


class TestComfyApiSimplified:
    @pytest.fixture
    def both(self, lab, runs):
        return [ComfyApiWrapper(lab.comfyui), ComfyApiWrapper(lab.url)]

    def test_the_history_of_every_run(self, both, runs):
        for what, prompt_id in runs.items():
            theirs, ours = [client.get_history(prompt_id) for client in both]
            assert ours == theirs, what
            assert list(ours) == list(theirs)
        assert both[1].get_history("not there") == both[0].get_history("not there") == {}

    def test_every_file(self, both, runs):
        seen = 0
        for prompt_id in runs.values():
            for run in both[0].get_history(prompt_id).values():
                for file in files(run["outputs"]):
                    names = file["filename"], file["subfolder"], file["type"]
                    assert both[1].get_image(*names) == both[0].get_image(*names), names
                    seen += 1
        assert seen >= 5
        for client in both:
            with pytest.raises(ComfyApiError, match="404"):
                client.get_image("not there.png", "", "output")

    def test_the_queue_and_the_place_of_a_run_in_it(self, both, runs):
        theirs, ours = [client.get_queue() for client in both]
        assert ours == theirs
        assert len(ours["queue_running"]) == 1 and len(ours["queue_pending"]) == 2
        for what in ["runs", "waits 0", "waits 1"]:
            assert both[1].get_queue_size_before(runs[what]) == both[0].get_queue_size_before(runs[what])

    def test_what_would_queue_something_is_refused_with_a_word(self, lab, runs):
        with pytest.raises(ComfyApiError, match="405"):
            ComfyApiWrapper(lab.url).queue_prompt({"1": {"class_type": "X", "inputs": {}}})


class TestComfyuiXy:
    @pytest.fixture
    def both(self, lab, runs):
        return [ComfyUiClient(url, raise_on_error=True) for url in (lab.comfyui, lab.url)]

    def test_the_whole_history_in_its_order(self, both):
        theirs, ours = [client.get_history_all() for client in both]
        assert ours == theirs
        assert list(ours) == list(theirs)
        assert len(ours) == 6

    def test_waiting_for_a_run_gives_its_outputs_with_their_files(self, both, runs):
        outputs = [client.wait_for_execution(runs["everything"], check_interval=0.01) for client in both]
        assert outputs[0] == outputs[1]
        theirs, ours = [client.extract_file_responses(given) for client, given in zip(both, outputs)]
        assert len(ours) == 3
        assert [(file.filename, file.node_id, file.data) for file in ours] == [
            (file.filename, file.node_id, file.data) for file in theirs
        ]

    def test_the_queue(self, both):
        assert both[1].get_queue() == both[0].get_queue()

    def test_what_would_change_something_is_refused(self, both):
        with pytest.raises(ComfyUiHttpError, match="405"):
            both[1].interrupt()


class TestComfyCli:
    """The command line that ComfyUI's own makers publish."""

    @pytest.fixture
    def comfy(self, lab, runs, tmp_path):
        # Tells nobody of what it does, and knows nothing of the machine's other ComfyUIs.
        environment = {**os.environ, "HOME": str(tmp_path), "DO_NOT_TRACK": "1", "GIT_PYTHON_REFRESH": "quiet"}

        def run(url, *arguments):
            host, port = url.removeprefix("http://").split(":")
            command = [Path(sys.executable).with_name("comfy"), "--json", *arguments, "--host", host, "--port", port]
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            answer = json.loads(done.stdout.replace(f":{port}/", ":PORT/"))
            for told in (answer.get("data"), (answer.get("error") or {}).get("details")):
                if told:
                    told.pop("port", None)
            text = json.dumps(answer.get("error") or {}).replace(port, "PORT")
            return done.returncode, answer.get("data"), text

        return run

    def test_the_list_of_jobs(self, lab, comfy):
        theirs, ours = [comfy(url, "jobs", "ls") for url in (lab.comfyui, lab.url)]
        assert ours == theirs
        assert (ours[0], ours[1]["count"]) == (0, 9)

    def test_the_state_of_each_job(self, lab, comfy, runs):
        for what in ["everything", "failed", "interrupted", "runs", "waits 1"]:
            theirs, ours = [comfy(url, "jobs", "status", runs[what]) for url in (lab.comfyui, lab.url)]
            assert ours == theirs, what
        theirs, ours = [comfy(url, "jobs", "status", "not there") for url in (lab.comfyui, lab.url)]
        assert ours == theirs
        assert ours[0] == 1


def test_jobs_are_the_same_under_every_filter(lab, runs):
    for query in [
        {"limit": 100},
        {"limit": 3},
        {"limit": 3, "offset": 2},
        {"limit": 3, "offset": 7, "sort_order": "asc"},
        {"limit": 100, "status": "completed"},
        {"limit": 100, "status": "failed,cancelled"},
        {"limit": 100, "status": "pending,in_progress"},
        {"limit": 100, "status": "completed", "workflow_id": "nothing"},
        {"limit": 100, "sort_by": "execution_duration", "status": "pending,in_progress"},
        {"status": "nonsense"},
    ]:
        theirs, ours = [requests.get(f"{url}/api/jobs", params=query) for url in (lab.comfyui, lab.url)]
        assert ours.status_code == theirs.status_code
        assert ours.json() == theirs.json(), query
    for what, prompt_id in runs.items():
        theirs, ours = [requests.get(f"{url}/api/jobs/{prompt_id}").json() for url in (lab.comfyui, lab.url)]
        assert ours == theirs, what


def test_the_jobs_of_a_workflow_are_found_by_its_id(lab, runs):
    workflow = requests.get(f"{lab.comfyui}/api/jobs/{runs['picture']}").json()["workflow_id"]
    lab.indexed()
    query = {"limit": 5, "offset": 1, "workflow_id": workflow}
    theirs, ours = [requests.get(f"{url}/api/jobs", params=query).json() for url in (lab.comfyui, lab.url)]
    assert ours == theirs
    assert ours["pagination"]["total"] == len(runs)


def test_the_record_stays_when_comfyui_forgets(own_lab):
    lab = own_lab
    kept = [lab.record(picture(seed)) for seed in (1, 2)]
    lost = lab.queue(picture(3))
    before = requests.get(f"{lab.comfyui}/history").json()
    lab.order("stop_comfyui")
    lab.order("start_comfyui")
    lab.order("recorded", prompt_id=lost, status="lost")
    assert requests.get(f"{lab.comfyui}/history").json() == {}
    client = ComfyUiClient(lab.url, raise_on_error=True)
    history = client.get_history_all()
    assert list(history) == [*kept, lost]
    assert {prompt_id: history[prompt_id] for prompt_id in kept} == before
    assert history[lost]["status"]["status_str"] == "error"
    assert client.wait_for_execution(lost, check_interval=0.01, timeout=5) == {}
