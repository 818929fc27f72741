"""The registry's routes under one address."""

from litestar import Router

from hyperpersonal_web.http import registry, registry_files, registry_visibility

registry_router = Router(
    "/v1/registry",
    route_handlers=[*registry.ROUTES, *registry_files.ROUTES, *registry_visibility.ROUTES],
    tags=["registry"],
)
