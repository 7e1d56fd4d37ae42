"""Every route of the product, found by walking the resolver."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import get_converters

METHODS = ("get", "head", "options", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Route:
    """A route's address with `{parameter}` places, and its name."""

    path: str
    name: str
    parameters: tuple[str, ...] = field(default=())

    def filled(self, values: dict[str, str]) -> str:
        path = self.path
        for parameter in self.parameters:
            path = path.replace(f"{{{parameter}}}", values[parameter])
        return path


def routes(urlconf: str) -> list[Route]:
    """All routes of a URL configuration."""
    return list(_walk(get_resolver(urlconf), "/"))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        path = prefix + _template(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path)
        elif isinstance(entry, URLPattern):
            parameters = tuple(part.split("}")[0] for part in path.split("{")[1:])
            yield Route(path, entry.name or path, parameters)


def _template(pattern: str) -> str:
    """`tokens/<slug:key_id>/` -> `tokens/{key_id}/`."""
    for converter in get_converters():
        pattern = pattern.replace(f"<{converter}:", "<")
    return pattern.replace("<", "{").replace(">", "}")
