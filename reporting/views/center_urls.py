"""Cost centres, mapping rules, share rules, rates."""

from django.urls import URLPattern, path

from reporting.views import centers, rules

_CENTERS = "reporting/cost-centers/"
_RULES = "reporting/rules/"


def _rules(kind: rules.Kind) -> list[URLPattern]:
    """The same pages for either sort of rule; an address names its own sort's id."""
    root = f"{_RULES}{kind.name}/"
    one = f"{root}<int:{kind.name}_rule_id>/"
    return [
        path(f"{root}new/", rules.RuleMakePage.as_view(kind=kind), name=f"{kind.name}-rule-make"),
        path(
            f"{root}preview/",
            rules.RulePreview.as_view(kind=kind),
            name=f"{kind.name}-rule-preview",
        ),
        path(one, rules.RulePage.as_view(kind=kind), name=f"{kind.name}-rule"),
        path(f"{one}move/", rules.RuleMove.as_view(kind=kind), name=f"{kind.name}-rule-move"),
        path(f"{one}delete/", rules.RuleDelete.as_view(kind=kind), name=f"{kind.name}-rule-delete"),
    ]


urlpatterns: list[URLPattern] = [
    path(_CENTERS, centers.CenterListPage.as_view(), name="cost-center-list"),
    path(f"{_CENTERS}new/", centers.CenterMakePage.as_view(), name="cost-center-make"),
    path(f"{_CENTERS}import/", centers.CenterImportPage.as_view(), name="cost-center-import"),
    path(f"{_CENTERS}export/", centers.CenterExport.as_view(), name="cost-center-export"),
    path(f"{_CENTERS}<int:center_id>/", centers.CenterPage.as_view(), name="cost-center"),
    path(
        f"{_CENTERS}<int:center_id>/delete/",
        centers.CenterDelete.as_view(),
        name="cost-center-delete",
    ),
    path(_RULES, rules.RuleListPage.as_view(), name="rule-list"),
    path(f"{_RULES}unmapped/", rules.UnmappedPart.as_view(), name="rule-unmapped"),
    *_rules(rules.MAPPING),
    *_rules(rules.SHARE),
]
