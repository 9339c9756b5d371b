"""The papers at the desk: all that were issued, each as it looks, and on an application's page those to come."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from unfold.decorators import display
from unfold.widgets import UnfoldBooleanSwitchWidget

from billing.ledger import account_of
from billing.models import Voucher
from billing.models.voucher import VoucherKind
from billing.papers.links import paper_path, pdf_path
from billing.papers.pages import print_paper, show_paper
from billing.papers.sheet import sheet_of
from billing.papers.standing import Standing, standing_of, standings
from billing.vouchers import draft_demand_note, draft_invoice, send_demand_note
from connections.actors import Actor
from connections.admin import (
    ORDER_WORDS,
    ActionForm,
    FoundByOrder,
    ReadOnlyAdmin,
    ReadOnlyInline,
    Words,
    add_to_application_page,
    counted_once,
    form_token,
    link_to,
    moment,
    on_one_line,
    stamp,
)
from connections.documents.paper import count_pages, draw_page
from connections.lifecycle import Refused
from connections.models import Application
from connections.vocabulary import ApplicationState

SEPARATOR = mark_safe(" · ")
PAGE_WIDTH = 1000  # pixels: small print can be read
TONES = {"good": "success", "warn": "warning", "bad": "danger", "": ""}
ISSUE = Words(
    "Issue a demand note",
    "A numbered paper asks the applicant for what is open, and the buyer app is told. It can not be taken back.",
    "issued.",
)
DRAFTS: dict[str, Callable[[Application], Voucher]] = {
    "demand-note": draft_demand_note,
    "demand-note-for-all": lambda application: draft_demand_note(application, everything=True),
    "invoice": draft_invoice,
}


class IssueForm(ActionForm):
    everything = forms.BooleanField(
        label="Ask for everything that is open",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Else only for what is to be paid before the work begins.",
    )


def _paper_links(voucher: Voucher) -> list[dict[str, Any]]:
    """The paper where the applicant finds it."""
    named = (("Open", paper_path(voucher)), ("PDF", pdf_path(voucher)))
    return [{"button": text, "address": address, "quiet": True} for text, address in named]


@admin.register(Voucher)
class VoucherAdmin(FoundByOrder, ReadOnlyAdmin):
    """Issued by billing.vouchers alone; here they are looked up, looked at and, before they are issued, tried."""

    empty_words = "A demand note comes with the order, a receipt with a payment, the invoice with the power."
    change_form_template = "admin/lifecycle/change_form.html"
    list_display = ["paper", "kind", "order", "total_in_words", "issued", "due", "stands"]
    list_display_links = ["paper"]
    list_filter = ["kind", "issued_at", ("provider", admin.RelatedFieldListFilter)]
    sortable_by: list[str] = []
    list_select_related = ["application"]
    exact_fields = ("number",)
    search_help_text = f"Number of the paper, {ORDER_WORDS}"
    ordering = ["-id"]
    fields = ["as_it_is"]
    readonly_fields = fields

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """All rows' standings at once: what is open is worked out from the ledger."""
        listed = super().get_changelist_instance(request)
        stand = standings(listed.result_list)
        for row in listed.result_list:
            row.standing = stand[row.pk]
        return listed

    @admin.display(description="number", ordering="number")
    def paper(self, voucher: Voucher) -> str:
        return on_one_line(voucher.number)

    @admin.display(description="application")
    def order(self, voucher: Voucher) -> str:
        return link_to(voucher.application)

    @admin.display(description="total", ordering="total")
    def total_in_words(self, voucher: Voucher) -> str:
        return on_one_line(voucher.amount)

    @admin.display(description="issued", ordering="issued_at")
    def issued(self, voucher: Voucher) -> str:
        return stamp(voucher.issued_at, "j M Y")

    @admin.display(description="due", ordering="due_on")
    def due(self, voucher: Voucher) -> str:
        return on_one_line(f"{voucher.due_on:%-d %b %Y}") if voucher.due_on else "-"

    @display(description="paid?", label={"Paid": "success", "Taken back": "danger", "Open": "warning"})
    def stands(self, voucher: Any) -> tuple[str, str] | None:
        standing: Standing = voucher.standing
        by_tone = {"good": "Paid", "bad": "Taken back", "warn": "Open"}
        return (by_tone.get(standing.tone, ""), standing.words) if standing.words else None

    # --- One paper --------------------------------------------------------------------------------------------------

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> Any:
        if obj is not None:
            standing = standing_of(obj)
            facts = [("Order", link_to(obj.application)), ("Issued", moment(obj.issued_at)), ("By", obj.issued_by)]
            badges = [(standing.words, TONES[standing.tone], "")] if standing.words else []
            context["panel"] = {"badges": badges, "facts": facts, "buttons": _paper_links(obj)}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    @admin.display(description="as it is")
    def as_it_is(self, voucher: Voucher) -> str:
        """Its pages as pictures: what was sent, and not what the desk's own look would make of it."""
        lead, number = sheet_of(voucher).lead, _pages_of(print_paper(voucher))
        pages = ((reverse("admin:billing_voucher_picture", args=[voucher.pk, n]), lead) for n in range(number))
        image = '<img src="{}" alt="{}" class="block border border-base-200 mb-4 max-w-full dark:border-base-800">'
        return format_html_join("", image, pages)

    # --- Pictures, previews and the one act -------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path("<int:pk>/pages/<int:page>.png", guarded(self.picture_view), name="billing_voucher_picture"),
            path("preview/<int:pk>/<slug:kind>/", guarded(self.preview_view), name="billing_voucher_preview"),
            path("issue/<int:pk>/", guarded(self.issue_view), name="billing_voucher_issue"),
            *super().get_urls(),
        ]

    def picture_view(self, request: HttpRequest, pk: int, page: int) -> HttpResponse:
        self._check_may_view(request)
        voucher = get_object_or_404(Voucher.objects.select_related("application"), pk=pk)
        try:
            drawn = draw_page(print_paper(voucher), page, PAGE_WIDTH)
        except Refused:
            raise Http404 from None
        return HttpResponse(drawn, content_type="image/png", headers={"Cache-Control": "private, no-store"})

    def preview_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        self._check_may_view(request)
        application = _ordered(pk)
        if kind not in DRAFTS:
            raise Http404
        return show_paper(request, DRAFTS[kind](application))

    def issue_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks, POST does; the same form that comes twice is one paper."""
        self._check_may_view(request)
        if not request.user.has_perm("billing.issue_voucher"):
            raise PermissionDenied
        application = _ordered(pk)
        return counted_once(request, lambda: self._issue(request, application))

    def _issue(self, request: HttpRequest, application: Application) -> HttpResponse:
        refusal = ""
        form = IssueForm(request.POST if request.method == "POST" else None, thing=application, request=request)
        if request.method == "POST" and form.is_valid():
            everything = form.cleaned_data["everything"]
            try:
                voucher = send_demand_note(application, everything=everything, actor=Actor.staff(request.user))
            except Refused as problem:
                refusal = str(problem)
            else:
                messages.success(request, f"{voucher}: {ISSUE.done}")
                return HttpResponseRedirect(reverse("admin:billing_voucher_change", args=[voucher.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": application,
            "words": ISSUE,
            "form_token": form_token(request),
            "title": ISSUE.button,
            "form": form,
            "media": form.media,
            "refusal": refusal,
            "back": _page_of(application),
        }
        return TemplateResponse(request, "admin/lifecycle/confirm.html", context)

    def _check_may_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


@lru_cache(maxsize=8)
def _pages_of(paper: bytes) -> int:
    """Counted once, though a form asks three times for each of its fields."""
    return count_pages(paper)


class VoucherInline(ReadOnlyInline):
    """The papers of an application, and below them what could be issued next."""

    model = Voucher
    verbose_name_plural = "Invoices and receipts"
    fields = ["paper", "total_in_words", "issued", "stands", "look"]
    readonly_fields = fields
    empty_words = "No paper was issued yet: a demand note comes with the order, the invoice with the power."
    template_after = "admin/billing/papers_to_come.html"
    next_papers: list[dict[str, Any]]
    standings: dict[int, Standing]  # found once, though the page asks several times for each of its fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        self.standings = {}
        return super().get_queryset(request).select_related("application")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        self.next_papers = _next_papers(request, obj) if obj else []
        return super().get_formset(request, obj, **kwargs)

    @admin.display(description="paper")
    def paper(self, voucher: Voucher) -> str:
        return link_to(voucher)

    @admin.display(description="total")
    def total_in_words(self, voucher: Voucher) -> str:
        return on_one_line(voucher.amount)

    @admin.display(description="issued")
    def issued(self, voucher: Voucher) -> str:
        return stamp(voucher.issued_at, "j M Y")

    @admin.display(description="paid?")
    def stands(self, voucher: Voucher) -> str:
        if voucher.pk not in self.standings:
            self.standings.update(standings([*voucher.application.vouchers.all()]))  # of all its rows at once
        return self.standings[voucher.pk].words or "-"

    @admin.display(description="look")
    def look(self, voucher: Voucher) -> str:
        links = ((link["address"], link["button"]) for link in _paper_links(voucher))
        return format_html_join(SEPARATOR, '<a href="{}" class="text-link">{}</a>', links)


add_to_application_page(VoucherInline)


def _next_papers(request: HttpRequest, application: Application) -> list[dict[str, Any]]:
    """Previews of what could be issued now, and the act itself for those who may."""
    if application.fulfillment_state == ApplicationState.DRAFT:
        return []
    kinds, is_open = [], bool(account_of(application).open)
    if is_open:
        kinds = [("Preview a demand note for what is open", "demand-note-for-all")]
        if draft_demand_note(application).total:
            kinds.insert(0, ("Preview a demand note before the work", "demand-note"))
    if not application.vouchers.filter(kind=VoucherKind.INVOICE).exists():
        kinds.append(("Preview the invoice", "invoice"))
    steps = [
        {"text": text, "address": reverse("admin:billing_voucher_preview", args=[application.pk, kind])}
        for text, kind in kinds
    ]
    if is_open and request.user.has_perm("billing.issue_voucher"):
        steps.append({"text": ISSUE.button, "address": reverse("admin:billing_voucher_issue", args=[application.pk])})
    return steps


def _ordered(pk: int) -> Application:
    rows = Application.objects.select_related("provider", "offering", "quote")
    return get_object_or_404(rows.exclude(fulfillment_state=ApplicationState.DRAFT), pk=pk)


def _page_of(application: Application) -> str:
    return reverse("admin:connections_application_change", args=[application.pk])
