"""GET /api/v1/dashboard."""


def test_totals_and_projects_come_in_one_answer(client_of, alice, make_project):
    make_project(segmented=2, queued=1)
    make_project(uploaded=1)

    answer = client_of(alice).get("/api/v1/dashboard").json

    metrics = answer["metrics"]
    assert metrics["totalProjects"] == 2
    assert metrics["totalImages"] == 4
    assert metrics["totalSegmented"] == 2
    assert metrics["totalObjects"] == 6
    assert metrics["systemStats"]["queueLength"] == 1
    assert metrics["recentActivity"]["imagesUploadedToday"] == 4
    assert sum(each["stats"]["imageCount"] for each in answer["projects"]) == 4


def test_a_newcomer_has_zeros(client_of, bob):
    answer = client_of(bob).get("/api/v1/dashboard").json

    assert answer["projects"] == []
    assert answer["metrics"]["totalProjects"] == 0
    assert answer["metrics"]["version"] >= 1
