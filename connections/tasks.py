"""Celery tasks: thin, and safe to run twice."""

from celery import shared_task

from connections import post
from connections.documents import ageing


@shared_task
def expire_documents() -> int:
    return ageing.expire_documents()


@shared_task
def clear_stray_files() -> int:
    return ageing.clear_stray_files()


@shared_task
def work_post() -> int:
    return post.work_post()
