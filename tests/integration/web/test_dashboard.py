"""GET /api/v1/dashboard."""

from sqlalchemy import event, text


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


def test_what_happened_lately_comes_along(client_of, alice):
    """D3."""
    client = client_of(alice)
    for place in range(12):
        client.post("/api/v1/projects", json={"title": f"Plate {place}"})

    latest = client.get("/api/v1/dashboard").json["activity"]

    assert [each["projectName"] for each in latest] == [f"Plate {n}" for n in range(11, 1, -1)]


#: Where numbers come from.
COUNTING = ("project_stats", "stats_deltas", "dashboards", "activity_buckets", "images")


def test_fifty_projects_cost_as_many_statements_as_one(client_of, bob, database, make_project):
    """D1: at most 3 for the numbers; no project has one of its own, and all are counted."""
    sent = []

    def keep(*given):
        sent.append(given[2])

    client, costs = client_of(bob), []
    for _ in range(2):
        for _ in range(25):
            project = make_project(bob).id
            database.transact(lambda tx, project=project: fill(tx, project))
        event.listen(database.engine, "before_cursor_execute", keep)
        answer = client.get("/api/v1/dashboard").json
        event.remove(database.engine, "before_cursor_execute", keep)
        costs.append((len(sent), sum(is_of_numbers(each) for each in sent)))
        sent.clear()

    assert costs[0] == costs[1]
    assert costs[1][1] <= 3
    assert answer["metrics"]["totalProjects"] == len(answer["projects"]) == 50
    assert answer["metrics"]["totalImages"] == 50 * 2000
    assert {each["stats"]["imageCount"] for each in answer["projects"]} == {2000}


def is_of_numbers(statement):
    """Tell whether it reads or writes counts; what a card shows beside them is no number."""
    lists_cards = "newest_image_id" in statement
    return not lists_cards and any(word in statement for word in COUNTING)


def fill(tx, project_id):
    """Give the project 2,000 images at once."""
    tx.execute(
        text(
            "INSERT INTO images (project_id, filename, sha256, bytes, width, height, channels,"
            " bit_depth, storage_key, thumbnail_key)"
            " SELECT :id, n || '.png', n::text, 64, 8, 8, 1, 8, n::text, n::text"
            " FROM generate_series(1, 2000) AS n"
        ),
        {"id": project_id},
    )
