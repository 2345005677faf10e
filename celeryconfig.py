"""How Celery behaves; the measurements behind each line are told in docs/decisions.md.

PostgreSQL holds the truth and Redis only hints (see docs/architecture.md): every line here may
therefore choose speed and simplicity over keeping a message at any price.
"""

from kombu import Queue

from shared.config import Settings
from shared.servers.addresses import broker_url as broker_url_of
from shared.servers.addresses import server_urls

# Where the broker is: given by CELLTALLY_REDIS_URL, or the one that `celltally up` runs.
broker_url = broker_url_of(server_urls(Settings.from_environment()).redis)
# No results: how a run ended is in PostgreSQL, and a result backend costs 45 % more CPU.
result_backend = None
# The same for a task whose author forgets it.
task_ignore_result = True

# The queues, and no others: Flower's broker page needs a list of Queue, not a dict. Each has a
# routing key of its own; the default key is one for all, and its messages reach every queue.
task_queues = [
    Queue(name, routing_key=name) for name in ("segment.cpu", "segment.gpu", "stats", "background")
]
# Whatever names no queue is not urgent.
task_default_queue = "background"
# A typo must fail, not make a queue that nobody reads.
task_create_missing_queues = False
# Recounts have a queue of their own, or they would wait behind the images.
task_routes = {
    "celltally.segment": {"queue": "segment.cpu"},  # Dispatch names the engine's own queue.
    "celltally.recompute_*": {"queue": "stats"},
}

# A message is acknowledged after its task: the death of a worker brings it back.
task_acks_late = True
# Without this line a child that is killed takes its message along, in spite of acks_late.
task_reject_on_worker_lost = True
# An error is recorded on the run; the broker must not repeat the task as well.
task_acks_on_failure = True
# The same for a task that ran out of time.
task_acks_on_timeout = True
# Attempts are counted in PostgreSQL, which also sees the loss of a whole machine.
task_retry_on_worker_lost = False
# A run goes on when the broker is away: its outcome is written to PostgreSQL anyway.
worker_cancel_long_running_tasks_on_connection_loss = False

# Arguments are ids, a few bytes: a denser format gained nothing, and pickle runs foreign code.
task_serializer = "json"
# Nothing else is read either.
accept_content = ["json"]

# No task may be longer. An engine's own limits are shorter and kept by the worker itself, from the
# moment its turn comes; this net also holds reading, the wait for the turn and storing.
task_soft_time_limit = 400
# At most a third of the visibility timeout below.
task_time_limit = 430

# One message per child: waiting work stays where fairness and cancelling can reach it.
worker_prefetch_multiplier = 1
# Not even one is fetched ahead while all children are busy.
worker_disable_prefetch = True

broker_transport_options = {
    # Shared with others, a Redis must not mix up our keys with theirs.
    "global_keyprefix": "celltally:",
    # Three times the longest task and more: live work is never delivered twice.
    "visibility_timeout": 1300,
    # Messages of a lost worker are looked for each 5 s; by default it is each 100 s.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A worker killed while it looks blocks the others for 15 s; by default it is 300 s.
    "unacked_mutex_expire": 15,
    # A worker's loop waits this long on each of its three or four connections that fell silent,
    # one after the other: with 30 s it was deaf for a minute and a half.
    "socket_timeout": 8,
    # A broker that does not even accept a connection is away.
    "socket_connect_timeout": 5,
    # Half-open connections are found by the kernel …
    "socket_keepalive": True,
    # … and by a ping before a connection that rested is used again.
    "health_check_interval": 10,
    # A worker reads its queues in turn; the order of runs is the dispatcher's concern.
    "queue_order_strategy": "round_robin",
    # Not here: retry_on_timeout, which switches off publishing in batches.
}
# A worker that starts before its broker waits for it …
broker_connection_retry_on_startup = True
# … however long that takes.
broker_connection_max_retries = None
# Publishing gives up within a second: what was not sent is in PostgreSQL and is sent again.
task_publish_retry_policy = {
    "max_retries": 2,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}

# SIGTERM lets tasks finish, SIGQUIT hands them back at once. A soft shutdown would be between,
# but sleeps its whole time in the signal handler, however early the tasks end.
worker_soft_shutdown_timeout = 0
# A child has this long to import its engines; the default of 4 s fails on a busy machine.
worker_proc_alive_timeout = 60
# Leaks of native libraries end with the child …
worker_max_tasks_per_child = 500
# … and so does a heap (KiB) that a large image has blown up.
worker_max_memory_per_child = 1_500_000

# Flower lives on these events …
worker_send_task_events = True
# … gets them in bundles, as one by one they were a third of what a worker's parent does …
worker_consumer = "worker.monitoring:GatheringConsumer"
# … also to show what was sent and not yet taken …
task_send_sent_event = True
# … and what is being worked on.
task_track_started = True
# The logging of the process is set up by us, for all libraries alike.
worker_hijack_root_logger = False
