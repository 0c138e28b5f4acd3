"""Alert rules and acknowledgement. Everybody who may read sees them; an operator writes, with the CSRF token.

Whoever puts this router into an API says who counts as signed in: this room knows of no accounts.
"""

from typing import Annotated, Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from ninja import Path, Router

from thor_web.problems import Problem
from thor_web.timezones.alert_schemas import Acknowledgement, AlertRuleInput, AlertRuleRecord, rule_record
from thor_web.timezones.models import AlertRule, Notification
from thor_web.timezones.notice_views import FIELDS, NotificationRecord
from thor_web.timezones.services.notices import notice_document

__all__ = ["router"]

router = Router(tags=["alerts"])
"""Everything but reading needs the `auth` that it is added with."""

MOST_RULES: Final = 500
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/alerts/rules", response=list[AlertRuleRecord], auth=None, summary="What somebody wants to be told")
def rules(request: HttpRequest) -> Any:
    """In the order of their names."""
    return [_record(rule) for rule in _rules()]


@router.post("/alerts/rules", response={201: AlertRuleRecord}, summary="Make an alert rule")
def make(request: HttpRequest, given: AlertRuleInput) -> Any:
    """Its name must be new."""
    if AlertRule.objects.count() >= MOST_RULES:
        raise Problem(409, "too_many_rules", f"There are {MOST_RULES} rules already.")
    return 201, _record(_write(request, AlertRule(), given))


@router.get("/alerts/rules/{rule_id}", response=AlertRuleRecord, auth=None, summary="One alert rule")
def one(request: HttpRequest, rule_id: Id) -> Any:
    """With the version in force."""
    return _record(_found(rule_id))


@router.put("/alerts/rules/{rule_id}", response=AlertRuleRecord, summary="Change an alert rule")
def change(request: HttpRequest, rule_id: Id, given: AlertRuleInput) -> Any:
    """It is another version, which knows nothing of where prices stood; channels stay as the admin has them."""
    return _record(_write(request, _found(rule_id), given))


@router.delete("/alerts/rules/{rule_id}", response={204: None}, summary="Remove an alert rule")
def remove(request: HttpRequest, rule_id: Id) -> HttpResponse:
    """What it told stays."""
    _found(rule_id).delete()
    return HttpResponse(status=204)


@router.post(
    "/notifications/acknowledge",
    response=list[NotificationRecord],
    summary="Take note of notifications",
)
def acknowledge(request: HttpRequest, given: Acknowledgement) -> Any:
    """Who took note first, and when, stays. Those that are not there are left out."""
    with transaction.atomic():
        chosen = Notification.objects.filter(id__in=given.ids, acknowledged_at=None)
        chosen.update(acknowledged_at=now(), acknowledged_by=request.user.get_username())
    return [notice_document(row) for row in Notification.objects.filter(id__in=given.ids).values(*FIELDS)]


def _rules() -> "QuerySet[AlertRule]":
    return AlertRule.objects.annotate(last_told_at=Max("notifications__created_at")).order_by("name")


def _record(rule: AlertRule) -> dict[str, Any]:
    return rule_record(rule, getattr(rule, "last_told_at", None))


def _found(rule_id: int) -> AlertRule:
    rule = _rules().filter(pk=rule_id).first()
    if rule is None:
        raise Problem(404, "no_such_rule", "There is no such alert rule.")
    return rule


def _write(request: HttpRequest, rule: AlertRule, given: AlertRuleInput) -> AlertRule:
    values = given.dict()
    rule.limit_value = values.pop("limit")
    values["name"] = given.name.strip()
    for name, value in values.items():
        setattr(rule, name, value)
    rule.author = request.user.get_username()
    try:
        rule.full_clean()
        with transaction.atomic():
            rule.save()
    except ValidationError as error:
        raise _problem(error) from None
    except IntegrityError:
        raise Problem(409, "duplicate_name", f"name: there is a rule {given.name!r} already") from None
    return _found(rule.pk)


def _problem(error: ValidationError) -> Problem:
    """The first fault, by the name that the API has for the field."""
    field, messages = next(iter(error.message_dict.items()))
    if field == "name" and "already exists" in messages[0]:
        return Problem(409, "duplicate_name", f"name: {messages[0]}")
    name = {"limit_value": "limit", NON_FIELD_ERRORS: ""}.get(field, field)
    return Problem(400, "bad_parameter", f"{name}: {messages[0]}" if name else messages[0])
