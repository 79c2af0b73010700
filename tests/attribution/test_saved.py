"""What-ifs kept under a name: only finished ones, once a name, gone when forgotten."""

import pytest

from incidents.attribution import tasks  # noqa: F401 - registers who does the jobs
from incidents.attribution.inputs import case_fingerprint
from incidents.attribution.saved import answer_of, forget_scenario, keep_scenario, saved_scenarios, scenario_of
from incidents.attribution.scenarios import Scenario, request_what_if
from incidents.core.access import Role
from incidents.core.errors import NotPermitted, NotReady, NotThere
from incidents.jobs import runner
from incidents.jobs.models import Job
from tests.attribution.cases import Case, make_case
from tests.factories import make_incident, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def asked(case: Case) -> Job:
    engineer = make_user(Role.ENGINEER, product=case.product)
    scenario = Scenario(change=case.harmful.pk, leave_out=True)
    return request_what_if(incident=case.incident, scenario=scenario, actor=engineer)


def test_a_finished_what_if_is_kept_with_its_question_answer_and_evidence() -> None:
    case = make_case(per_day=6)
    job = asked(case)
    engineer = make_user(Role.ENGINEER, product=case.product)
    with pytest.raises(NotReady, match="not finished"):
        keep_scenario(incident=case.incident, job=job, name="Without it", actor=engineer)
    runner.run(job.pk, background=False)
    job.refresh_from_db()
    with pytest.raises(NotReady, match="name"):
        keep_scenario(incident=case.incident, job=job, name="  ", actor=engineer)
    row = keep_scenario(incident=case.incident, job=job, name=" Without   it ", actor=engineer)
    assert row.name == "Without it"
    assert scenario_of(row) == Scenario(change=case.harmful.pk, leave_out=True)
    before, after = answer_of(row)
    assert len(after.changes) == len(before.changes) - 1
    assert row.input_hash == case_fingerprint(case.incident)
    with pytest.raises(NotReady, match="kept already"):
        keep_scenario(incident=case.incident, job=job, name="Without it", actor=engineer)
    assert [one.name for one in saved_scenarios(case.incident)] == ["Without it"]

    with pytest.raises(NotThere):
        keep_scenario(incident=make_incident(case.product, slug="other"), job=job, name="Else", actor=engineer)
    with pytest.raises(NotPermitted):
        forget_scenario(incident=case.incident, pk=row.pk, actor=make_user(Role.SUPPORT, product=case.product))
    assert forget_scenario(incident=case.incident, pk=row.pk, actor=engineer) == "Without it"
    assert not saved_scenarios(case.incident).exists()
