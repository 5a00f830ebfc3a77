"""gunicorn's own classes, made to fit: its worker refuses what it has no room for, its log goes where all logs go."""

from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from config.admission import CountingThreadPool, spare_thread
from config.logs import configure


class WebWorker(ThreadWorker):
    """Named in `config/gunicorn.py`. A connection that waits for a thread is a request in progress.

    When there are as many as may be, a spare thread takes what comes: it is refused there at once instead of waiting
    (`config/middleware/admission.py`), and operators still get their answers.
    """

    def init_process(self) -> None:
        self.spare = spare_thread()
        super().init_process()

    def get_thread_pool(self) -> CountingThreadPool:
        return CountingThreadPool(max_workers=self.cfg.threads)

    def enqueue_req(self, conn: Any) -> None:
        if self.tpool.unfinished < settings.ORCHESTRATOR.max_concurrent_requests:
            super().enqueue_req(conn)
            return
        answering = self.spare.submit(self.handle, conn)
        answering.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))


class WebLog(Logger):
    """gunicorn's own lines, written like all others. It writes none per request: the request does."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        configure(settings.LOGGING)

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Nothing; see `config/middleware/context.py`."""
