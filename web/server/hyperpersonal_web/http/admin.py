"""What a manager of the shop changes: what its agents answer from, and who answers what."""

from datetime import datetime
from typing import Annotated

import msgspec
from hyperpersonal_core.api import (
    History,
    Imported,
    Imports,
    Knowledge,
    Member,
    Rule,
    Rules,
    read_documents,
    read_history,
)
from hyperpersonal_core.kit.ids import show
from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_202_ACCEPTED

from hyperpersonal_web.http.auth import AnyRequest
from hyperpersonal_web.http.limits import IMPORT_AT_ONCE_MAX, IMPORT_BYTES_MAX
from hyperpersonal_web.http.path_ids import identified


class ArticleItem(msgspec.Struct, frozen=True):
    """One article; `passages`: the pieces it was cut into."""

    id: str
    external_id: str
    title: str
    agent: str
    source: str
    version: int
    passages: int
    imported_at: datetime


class ArticlePage(msgspec.Struct, frozen=True):
    """Every article, by its external id."""

    items: list[ArticleItem]


class ImportTaken(msgspec.Struct, frozen=True):
    """An import that a job does; ask `status_url` how far it is."""

    import_id: str
    documents: int
    status_url: str


class ImportStatus(msgspec.Struct, frozen=True):
    """`status`: waiting, running, done or failed. `imported` counts articles of the present run;
    `error` is what went wrong last."""

    import_id: str
    name: str
    status: str
    documents: int
    imported: Imported
    error: str
    created_at: datetime
    updated_at: datetime


@put(
    "/knowledge/files/{name:str}",
    operation_id="ImportKnowledge",
    request_max_body_size=IMPORT_BYTES_MAX,
)
async def import_knowledge(
    name: FromPath[str],
    request: AnyRequest,
    manager: NamedDependency[Member],
    knowledge: NamedDependency[Knowledge],
    imports: NamedDependency[Imports],
) -> Response[Imported | ImportTaken]:
    """Import the file in the body: Markdown, HTML, text or JSON Lines, told by the name's ending.

    The same article again replaces it; an unchanged one costs nothing. More than 20 articles are
    imported by a job: 202, and where its progress can be read.
    """
    data = await request.body()
    documents = read_documents(name, data)
    if len(documents) <= IMPORT_AT_ONCE_MAX:
        return Response(await knowledge.import_documents(manager.tenant_id, documents))
    begun = await imports.begin(manager.tenant_id, name, data, len(documents))
    import_id = show("import", begun)
    taken = ImportTaken(import_id, len(documents), f"/v1/admin/knowledge/imports/{import_id}")
    return Response(taken, status_code=HTTP_202_ACCEPTED)


@get("/knowledge/imports/{import_id:str}", operation_id="ReadImport")
async def read_import(
    import_id: FromPath[str],
    member: NamedDependency[Member],
    imports: NamedDependency[Imports],
) -> ImportStatus:
    """How far an import is, and what went wrong."""
    found = await imports.read(member.tenant_id, identified("import", import_id))
    return ImportStatus(
        show("import", found.id), found.name, found.status, found.documents,
        Imported(found.added, found.changed, found.unchanged, found.passages), found.error,
        found.created_at, found.updated_at,
    )  # fmt: skip


@get("/knowledge/articles", operation_id="ListArticles")
async def list_articles(
    member: NamedDependency[Member], knowledge: NamedDependency[Knowledge]
) -> ArticlePage:
    """What the agents answer from."""
    articles = await knowledge.articles(member.tenant_id)
    return ArticlePage(
        [
            ArticleItem(show("article", a.id), a.external_id, a.title, a.agent, a.source,
                        a.version, a.passages, a.imported_at)
            for a in articles
        ]
    )  # fmt: skip


@delete("/knowledge/articles", operation_id="DeleteArticle")
async def delete_article(
    manager: NamedDependency[Member],
    knowledge: NamedDependency[Knowledge],
    external_id: Annotated[str, QueryParameter(min_length=1, max_length=500)],
) -> None:
    """Remove one article and its passages."""
    await knowledge.delete(manager.tenant_id, external_id)


class Kept(msgspec.Struct, frozen=True):
    """How many rows of labelled history the router now learns from."""

    rows: int


class RuleList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules in order: the first that matches decides."""

    rules: list[Rule]


@put(
    "/routing/history/{name:str}",
    operation_id="ImportHistory",
    request_max_body_size=IMPORT_BYTES_MAX,
)
async def import_history(
    name: FromPath[str],
    request: AnyRequest,
    manager: NamedDependency[Member],
    examples: NamedDependency[History],
) -> Kept:
    """Replace the labelled history by the JSON Lines in the body, rows of `text` and `agent`."""
    rows = read_history(name, await request.body())
    return Kept(await examples.replace(manager.tenant_id, rows))


@get("/routing/rules", operation_id="ListRules")
async def list_rules(member: NamedDependency[Member], rules: NamedDependency[Rules]) -> RuleList:
    """The shop's own rules; they come before anything the router has learnt."""
    return RuleList(await rules.list(member.tenant_id))


@put("/routing/rules", operation_id="ReplaceRules")
async def replace_rules(
    data: JSONBody[RuleList], manager: NamedDependency[Member], rules: NamedDependency[Rules]
) -> RuleList:
    """Make these the shop's rules."""
    await rules.replace(manager.tenant_id, data.rules)
    return data


router = Router(
    "/v1/admin",
    route_handlers=[
        import_knowledge, read_import, list_articles, delete_article, import_history, list_rules,
        replace_rules,
    ],
    tags=["admin"],
)  # fmt: skip
