"""Pages of statements: one with its lines, why a line is there, differences, sign-off, files."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from costinsights.accounts.permissions import MemberRequiredMixin
from costinsights.core.errors import ApplicationError, NotFound
from reporting.api.reviews import dispute_of
from reporting.api.statements import earlier_revision, explanation, line_of
from reporting.downloads import Progress, file_answer, format_of, source_of_statement
from reporting.models import Statement
from reporting.statements import reviewing
from reporting.statements.grouping import differences, groups_of, path_in
from reporting.statements.pools import explain_line
from reporting.statements.verifying import Problem, verify_review, verify_statement
from reporting.tasks import tell_of_dispute
from reporting.views.periods import FORMATS, rendering_page
from reporting.views.statement_page import LEVEL_NAMES, crumbs_of, level_rows, statement_context
from reporting.visibility import statement_for, visible_statements
from tenants.features import Feature
from tenants.gates import FeatureRequiredMixin

LINES_PER_PAGE = 50
MOST_SOURCES_SHOWN = 100
MOST_DIFFERENCES_SHOWN = 200


class _OneStatement(MemberRequiredMixin, FeatureRequiredMixin):
    """Finds the statement of the address among those that the member sees."""

    feature = Feature.REPORTING

    def statement(self, statement_id: int) -> Statement:
        try:
            return statement_for(self.member, statement_id)
        except NotFound as error:
            raise Http404(error.message) from error

    def page(self, statement: Statement, *, status: int = 200, **more: Any) -> HttpResponse:
        path = path_in(self.request.GET.dict())
        level, groups = groups_of(statement, path)
        page = Paginator(groups, LINES_PER_PAGE).get_page(self.request.GET.get("page"))
        context = {
            **statement_context(statement, self.member, visible_statements(self.member)),
            "formats": FORMATS,
            "crumbs": crumbs_of(path),
            "level_name": LEVEL_NAMES[level],
            "rows": level_rows(statement, level, path, page.object_list),
            "page_obj": page,
            **more,
        }
        return render(self.request, "reporting/statement.html", context, status=status)


@method_decorator(never_cache, name="dispatch")
class StatementPage(_OneStatement):
    """A whole statement."""

    open_to_support = True

    def get(self, request: HttpRequest, statement_id: int) -> HttpResponse:
        return self.page(self.statement(statement_id))


class StatementWhyPage(_OneStatement):
    """Why a line is there and as large as it is."""

    open_to_support = True

    def get(self, request: HttpRequest, statement_id: int, position: int) -> HttpResponse:
        statement = self.statement(statement_id)
        try:
            row = line_of(statement, position)
        except NotFound as error:
            raise Http404(error.message) from error
        row.statement = statement
        found = explain_line(statement, row)
        context = {
            "statement": statement,
            "row": row,
            "found": explanation(found, row),
            "share": found.share,
            "sources": found.share.sources[:MOST_SOURCES_SHOWN] if found.share else [],
            "others": found.others,
        }
        return render(request, "reporting/why.html", context)


class StatementDiffPage(_OneStatement):
    """Two revisions side by side."""

    open_to_support = True

    def get(self, request: HttpRequest, statement_id: int, revision: int) -> HttpResponse:
        after = self.statement(statement_id)
        try:
            before = earlier_revision(after, visible_statements(self.member), revision)
        except NotFound as error:
            raise Http404(error.message) from error
        count, lines = differences(before, after, most=MOST_DIFFERENCES_SHOWN)
        context = {
            "before": before,
            "after": after,
            "count": count,
            "lines": lines,
            "change": after.billed - before.billed,
        }
        return render(request, "reporting/diff.html", context)


class StatementDownload(_OneStatement):
    """The statement as a file."""

    def get(self, request: HttpRequest, statement_id: int, format: str) -> HttpResponseBase:
        statement = self.statement(statement_id)
        try:
            found = file_answer(source_of_statement(statement), format_of(format))
        except ApplicationError as refused:
            return self.page(statement, refused=refused.message, status=422)
        return found if not isinstance(found, Progress) else rendering_page(request, found)


class _Step(_OneStatement):
    """A step of the sign-off: back to the page, or the page with what is wrong and the words that were given."""

    def get(self, request: HttpRequest, statement_id: int, **_: Any) -> HttpResponse:
        return redirect("statement-detail", statement_id=statement_id)

    def post(self, request: HttpRequest, statement_id: int, **_: Any) -> HttpResponse:
        statement = self.statement(statement_id)
        try:
            done = self.act(statement)
        except NotFound as error:
            raise Http404(error.message) from error
        except ApplicationError as refused:
            given = {name: request.POST.get(name, "") for name in ("text", "position")}
            return self.page(statement, refused=refused.message, given=given, status=422)
        messages.success(request, done)
        return redirect("statement-detail", statement_id=statement_id)

    def act(self, statement: Statement) -> str:
        """Do it and say so in a sentence. Raises ApplicationError."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        return str(self.request.POST.get("text", ""))


class StatementAccept(_Step):
    """Agree."""

    def act(self, statement: Statement) -> str:
        reviewing.accept(statement, by=self.member, text=self.text)
        return f"{statement.number} is accepted."


class StatementApprove(_Step):
    """Make it final."""

    def act(self, statement: Statement) -> str:
        reviewing.approve(statement, by=self.member, text=self.text)
        return f"{statement.number} is final."


class StatementDispute(_Step):
    """Say what is wrong."""

    def act(self, statement: Statement) -> str:
        given = self.request.POST.get("position", "")
        position = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else None
        made = reviewing.dispute(statement, by=self.member, text=self.text, position=position)
        tell_of_dispute.enqueue_on_commit(dispute_id=made.pk)
        return "Your dispute is recorded. Whoever prepared the month gets a mail."


class DisputeResolve(_Step):
    """Answer what was said."""

    def act(self, statement: Statement) -> str:
        made = dispute_of(statement, self.kwargs["dispute_id"])
        reviewing.resolve(made, by=self.member, text=self.text)
        tell_of_dispute.enqueue_on_commit(dispute_id=made.pk)
        return "The answer is recorded. Whoever raised it gets a mail."


class StatementVerify(_Step):
    """Compute the hashes again and say what was found."""

    def post(self, request: HttpRequest, statement_id: int, **_: Any) -> HttpResponse:
        statement = self.statement(statement_id)
        problems: list[Problem] = [*verify_statement(statement), *verify_review(statement)]
        return self.page(statement, verified=True, problems=problems)
