"""The form field every page uses: label, help and errors tied to the control."""

from django import forms
from django.template.loader import render_to_string


class Form(forms.Form):
    name = forms.CharField(help_text="As you like.")
    note = forms.CharField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(required=False, label="I agree")


def rendered(field: str, data: dict[str, str] | None = None) -> str:
    return render_to_string("components/field.html", {"field": Form(data)[field]})


def test_a_label_names_its_control() -> None:
    assert 'for="id_name"' in rendered("name")
    assert 'id="id_name"' in rendered("name")


def test_the_help_is_read_with_the_control() -> None:
    assert 'aria-describedby="id_name_help"' in rendered("name")
    assert 'id="id_name_help"' in rendered("name")


def test_an_error_is_read_with_the_control_and_marks_it() -> None:
    html = rendered("name", {"name": ""})
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html
    assert "This field is required." in html


def test_what_may_be_left_empty_says_so() -> None:
    assert "optional" in rendered("note")
    assert "optional" not in rendered("name")


def test_choices_are_a_group_with_a_legend() -> None:
    html = rendered("kind")
    assert "<legend" in html
    assert html.count('type="radio"') == 2


def test_a_box_stands_before_its_label() -> None:
    html = rendered("agreed")
    assert html.index("form-check-input") < html.index("I agree")
