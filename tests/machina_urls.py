"""The URLs of the django-machina forum of the tests."""

from django.urls import include, path

urlpatterns = [path("", include("machina.urls"))]
