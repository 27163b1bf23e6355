"""Experiments: what groups runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from ...errors import Conflict
from ..models import Experiment, Page
from .base import Predicate, Resource, Wish, pages, segment, without_empty


class Experiments(Resource):
    async def page(self, wish: Wish | None = None) -> Page[Experiment]:
        what = "list experiments"
        return await self._page("/experiments", what, "experiments", Experiment.of, wish)

    def all(self, wish: Wish | None = None) -> AsyncIterator[Experiment]:
        wish = wish or Wish(size=200)
        return pages(lambda token: self.page(replace(wish, token=token)))

    async def get(self, experiment_id: str) -> Experiment:
        path = f"/experiments/{segment(experiment_id, 'experiment')}"
        return Experiment.of(await self._json("GET", path, f"get experiment {experiment_id}"))

    async def named(self, name: str, namespace: str = "") -> Experiment | None:
        """The experiment of this name, or None."""
        wish = Wish(namespace, where=(Predicate("display_name", name),), size=1)
        found = await self.page(wish)
        return found.items[0] if found.items else None

    async def create(self, name: str, *, description: str = "", namespace: str = "") -> Experiment:
        """Make an experiment. One of this name that is there already is a `Conflict`."""
        body = without_empty(
            {"display_name": name, "description": description, "namespace": namespace}
        )

        async def create() -> Experiment:
            what = f"create experiment {name!r}"
            return Experiment.of(await self._json("POST", "/experiments", what, json=body))

        return await self._once(create, lambda: self.named(name, namespace))

    async def ensure(self, name: str, namespace: str = "") -> Experiment:
        """The experiment of this name, made where it is not there."""
        found = await self.named(name, namespace)
        if found is not None:
            return found
        try:
            return await self.create(name, namespace=namespace)
        except Conflict:  # somebody else made it meanwhile
            made = await self.named(name, namespace)
            if made is None:
                raise
            return made

    async def delete(self, experiment_id: str) -> None:
        """Delete an experiment; its runs stay."""
        path = f"/experiments/{segment(experiment_id, 'experiment')}"
        await self._json("DELETE", path, f"delete experiment {experiment_id}")

    async def archive(self, experiment_id: str) -> None:
        """Archive an experiment with its runs."""
        await self._act(experiment_id, "archive")

    async def unarchive(self, experiment_id: str) -> None:
        """Bring an experiment back; its runs stay archived."""
        await self._act(experiment_id, "unarchive")

    async def _act(self, experiment_id: str, verb: str) -> None:
        path = f"/experiments/{segment(experiment_id, 'experiment')}:{verb}"
        await self._json("POST", path, f"{verb} experiment {experiment_id}", repeatable=True)
