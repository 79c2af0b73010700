# The production image: web server, worker and scheduler run from it with different commands (docker-compose.yml).

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 UV_SYSTEM_CERTS=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements-bootstrap.lock requirements.lock ./
# The installer stays in this stage; only /venv goes on.
RUN python -m venv /installer \
    && /installer/bin/pip install --quiet --require-hashes -r requirements-bootstrap.lock \
    && python -m venv --without-pip /venv \
    && /installer/bin/uv pip install --python /venv/bin/python --compile-bytecode --require-hashes -r requirements.lock
COPY manage.py ./
COPY workbench workbench
COPY incidents incidents
COPY templates templates
COPY static static
# Names with content hashes, each file also as gzip and brotli. The settings want values; none of them is used here.
RUN WORKBENCH_HOME=/tmp/none WORKBENCH_STATIC_ROOT=/app/staticfiles DJANGO_SETTINGS_MODULE=workbench.settings_lint \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q workbench incidents

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin workbench \
    && install -d -o workbench -g workbench -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=workbench.settings \
    WORKBENCH_HOME=/data \
    WORKBENCH_STATIC_ROOT=/app/staticfiles \
    NUMBA_CACHE_DIR=/data/compiled
USER workbench
VOLUME /data
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--workers", "2", \
     "--blocking-threads", "8", "--respawn-failed-workers", "--workers-kill-timeout", "20", "workbench.wsgi:application"]
