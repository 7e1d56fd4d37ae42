"""Cost centres, mapping rules, share rules, rates."""

from django.urls import URLPattern, path

from reporting.api import center_files, centers, rule_previews, rules

_CENTER = "cost-centers/<int:center_id>/"
_MAPPING = "mapping-rules/<int:mapping_rule_id>/"
_SHARE = "share-rules/<int:share_rule_id>/"

urlpatterns: list[URLPattern] = [
    path("cost-centers/", centers.CostCenterListView.as_view(), name="api-cost-center-list"),
    path(
        "cost-centers/import",
        center_files.CostCenterImportView.as_view(),
        name="api-cost-center-import",
    ),
    path(
        "cost-centers/export",
        center_files.CostCenterExportView.as_view(),
        name="api-cost-center-export",
    ),
    path(_CENTER, centers.CostCenterView.as_view(), name="api-cost-center"),
    path("mapping-rules/", rules.MappingRuleListView.as_view(), name="api-mapping-rule-list"),
    path("mapping-rules/order", rules.MappingRuleOrderView.as_view(), name="api-mapping-order"),
    path(
        "mapping-rules/preview",
        rule_previews.MappingRulePreviewView.as_view(),
        name="api-mapping-preview",
    ),
    path(_MAPPING, rules.MappingRuleView.as_view(), name="api-mapping-rule"),
    path("share-rules/", rules.ShareRuleListView.as_view(), name="api-share-rule-list"),
    path("share-rules/order", rules.ShareRuleOrderView.as_view(), name="api-share-order"),
    path(
        "share-rules/preview",
        rule_previews.ShareRulePreviewView.as_view(),
        name="api-share-preview",
    ),
    path(_SHARE, rules.ShareRuleView.as_view(), name="api-share-rule"),
]
