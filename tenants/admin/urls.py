"""The staff site's pages that are no model's list or form."""

from functools import partial
from typing import Any

from django.urls import URLPattern, path

from tenants.admin import announcements, deletion, jobs, people, support, switches
from tenants.admin import tenant_forms as forms


def platform_pages(site: Any) -> list[URLPattern]:
    """Their routes, each behind the second factor."""

    def form(page: Any) -> Any:
        return site.admin_view(page.as_view(site=site))

    tenant = "tenants/tenant/<int:tenant_id>"
    domain = f"{tenant}/domains/<int:domain_id>"
    deleted = site.admin_view(partial(deletion.deletion_page, site=site))
    return [
        path(f"{tenant}/rename/", form(forms.Rename), name="tenant-rename"),
        path(f"{tenant}/plan/", form(forms.ChangePlan), name="tenant-plan"),
        path(f"{tenant}/trial/", form(forms.StartTrial), name="tenant-trial"),
        path(f"{tenant}/trial/end/", form(forms.EndTrial), name="tenant-trial-end"),
        path(f"{tenant}/suspend/", form(forms.Suspend), name="tenant-suspend"),
        path(f"{tenant}/resume/", form(forms.Resume), name="tenant-resume"),
        path(f"{tenant}/domains/add/", form(forms.AddDomain), name="domain-add"),
        path(f"{domain}/primary/", form(forms.MakePrimary), name="domain-primary"),
        path(f"{domain}/remove/", form(forms.RemoveDomain), name="domain-remove"),
        path(f"{tenant}/erase/", form(deletion.DeleteTenant), name="tenant-delete"),
        path(f"{tenant}/deletion/", deleted, name="tenant-deletion"),
        path(f"{tenant}/support/ask/", form(support.AskToLookIn), name="support-ask"),
        path(f"{tenant}/support/break-glass/", form(support.BreakGlass), name="support-break"),
        path(
            "tenants/supportgrant/<int:grant_id>/enter/",
            site.admin_view(partial(support.enter, site=site)),
            name="support-enter",
        ),
        path(
            "tenants/supportgrant/<int:grant_id>/end/",
            site.admin_view(support.end),
            name="support-end",
        ),
        path(
            "tenants/featureoverride/<int:override_id>/remove/",
            form(switches.RemoveOverride),
            name="override-remove",
        ),
        path(
            "tenants/jobfailure/<int:failure_id>/retry/",
            site.admin_view(jobs.retry_one),
            name="job-retry",
        ),
        path(
            "tenants/jobfailure/<int:failure_id>/dismiss/",
            site.admin_view(jobs.dismiss_one),
            name="job-dismiss",
        ),
        path(
            "tenants/announcement/<int:announcement_id>/preview/",
            site.admin_view(announcements.preview_page),
            name="announcement-preview",
        ),
        path(
            "tenants/staffuser/<int:staff_id>/second-factor/",
            form(people.ResetSecondFactor),
            name="reset-second-factor",
        ),
    ]
