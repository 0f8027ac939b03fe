"""What is typed: text stays as it is, and what Hydra cannot read comes back quoted."""

from __future__ import annotations

import re
import shlex

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser

from syrinx_lab.cli import BAD_INPUT, check, config_directory, one_line
from syrinx_lab.command_line import choices_of_groups, in_full, unreadable, with_text
from syrinx_lab.schema import texts_of

PARSER = OverridesParser.create()


def text(argument: str) -> str:
    (changed,) = with_text([argument], texts_of("config"))
    return changed


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("data.label=1.0", "1.0"),
        ("data.label=1e3", "1e3"),
        ("data.label=nan", "nan"),
        ("data.label=true", "true"),
        ("data.label=007", "007"),
        ("data.label=0", "0"),
        ("data.label=1_000", "1_000"),
        ("data.label=-inf", "-inf"),
        ("data.label=null", None),
        ("data.label='1.0'", "1.0"),
        ("data.label=[1.0,2]", ["1.0", "2"]),
        ("data.label=[1.0, a, null, True]", ["1.0", "a", None, "True"]),
        ("++data.label=[1.0]", ["1.0"]),
        ("data.root=2024", "2024"),
        ("data.silence_labels=[0,SIL]", ["0", "SIL"]),
        ("run_dir=2024", "2024"),
        ("sweep_name=1e3", "1e3"),
        ("paths.outputs=07", "07"),
        ("logger.project=2024.10", "2024.10"),
        ("data.tier=2", "2"),
        ("seed=1e3", 1000.0),
        ("data.channel=1", 1),
        ("force=true", True),
    ],
)
def test_text_is_kept_as_it_is_typed(typed: str, value: object) -> None:
    with initialize_config_dir(version_base="1.3", config_dir=str(config_directory())):
        cfg = compose("config", overrides=[text(typed)])
    key = typed.lstrip("+").split("=")[0]
    node = cfg
    for part in key.split("."):
        node = node[part]
    assert node == value
    assert type(node) is type(value) or isinstance(value, list)


def test_swept_text_is_text_in_every_job() -> None:
    override = PARSER.parse_override(text("data.label=1.0,[1e3,a],007,null"))
    values = list(override.sweep_string_iterator())
    read = [PARSER.parse_override(f"data.label={value}").value() for value in values]
    assert read == ["1.0", ["1e3", "a"], "007", None]
    assert PARSER.parse_override(text("data.label=choice(1.0,2)")).is_sweep_override()
    assert text("data.label=range(3)") == "data.label=range(3)"


def test_choices_of_groups_are_names() -> None:
    assert text("arm=7") == 'arm="7"'
    assert text("optim.optimizer.lr=7") == "optim.optimizer.lr=7"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("data.root=/a/b=c", """'='.*'data.root="/a/b=c"'"""),
        ("data.root=/a/ü", """'ü'.*'data.root="/a/ü"'"""),
        ("data.root=/a/#1", """'#'.*'data.root="/a/#1"'"""),
        ("data.root=/a(1)", r"""'\('.*'data.root="/a\(1\)"'"""),
        ("data.root=/a[1]", r"""'\['.*'data.root="/a\[1\]"'"""),
        ("data.root={a", r"""'\{'.*'data.root="\{a"'"""),
        ("data.root=it's", r'''"'".*"data.root=\\"it's\\""'''),
        ("data.root=~/song", """'~'.*'data.root="~/song"'"""),
        ('data.root=a"b', r"""'data.root="a\\"b"'"""),
        ("data.label=[a,ü]", """'ü'.*'data.label=\\[a,"ü"\\]'"""),
        ("+data.root=a;b", """'\\+data.root="a;b"'"""),
        ("data.root=", None),
        ("data.root=/plain/path-1_2.d", None),
        ("n_epochs", "this is no setting; write KEY=VALUE"),
        ("ü=3", "is no name of a key"),
        ("n_epochs=choice()", "nothing between the brackets"),
    ],
)
def test_one_line_says_how_to_quote(typed: str, said: str | None) -> None:
    line = unreadable(typed)
    if said is None:
        assert line is None
        return
    assert line is not None
    assert "\n" not in line
    assert "Lexer" not in line

    assert re.search(said, line), line


@pytest.mark.parametrize(
    "value",
    [
        "/a/b=c",
        "ü",
        "it's",
        'a "b" c',
        "a\\",
        'a\\"b',
        "[",
        "]x",
        "{}",
        "(x",
        "a b;c",
        "$HOME=1",
        "`x`!",
        "x#y",
        "&",
        "a:b=c",
    ],
)
def test_what_is_advised_reads_back_as_what_was_meant(value: str) -> None:
    line = unreadable(f"data.root={value}")
    if line is None:
        pytest.skip(f"Hydra reads {value!r} as it stands")
    advised = line.partition("for the shell as well: ")[2]
    (handed_over,) = shlex.split(advised)
    assert PARSER.parse_override(handed_over).value() == value


def test_values_of_a_sweep_are_quoted_one_by_one() -> None:
    line = unreadable("data.root=/a=b,/c", swept=True)
    assert line is not None
    (handed_over,) = shlex.split(line.partition("for the shell as well: ")[2])
    assert list(PARSER.parse_override(handed_over).sweep_string_iterator()) == ['"/a=b"', "/c"]


@pytest.mark.parametrize(
    ("command", "typed", "said"),
    [
        ("config", "sede=3", "like it is seed "),
        ("config", "n_epoch=3", "like it is n_epochs "),
        ("config", "N_EPOCHS=3", "like it is n_epochs "),
        ("config", "DATA=folder", "like it is data "),
        ("config", "data.lable=a", "like it is data.label "),
        ("config", "los=mse_accel", "like it is loss "),
        ("config", "sample_rat=22050", "like it is data.sample_rate or "),
        ("config", "tau=1", "like it is oscillator.tau "),
        ("config", "zzzz=1", "--cfg job prints the keys"),
        ("evaluate", "splt=val", "like it is split "),
        ("evaluate", "split=val,test", "holds several values: it takes one, use val, test or new"),
        ("config", "eval.splits=val,test", "'eval.splits=[val,test]' is a list, and with -m each of them is tried"),
        ("config", "data.label=a,b", 'is a list, with -m .*, and .data.label="a,b". is one text'),
        ("config", "seed=0,1", "values: with -m each of them is tried"),
        ("config", "loss=mse_accel,spectral_rollout", "values: with -m each of them is tried"),
    ],
)
def test_a_key_that_is_not_there_names_the_one_that_was_meant(command: str, typed: str, said: str) -> None:
    with initialize_config_dir(str(config_directory()), version_base="1.3"), pytest.raises(BAD_INPUT) as caught:
        compose(command, [typed])
    line = one_line(caught.value, command)
    key = typed.partition("=")[0]
    assert key in line
    assert re.search(said.replace("[", r"\["), line), line


def test_labels_that_are_the_same_are_one_value() -> None:
    with initialize_config_dir(str(config_directory()), version_base="1.3"):
        for typed in ("a", "[a]", "[a,a]"):
            cfg = compose("config", [f"data.label={typed}", "data.root=x"])
            check(cfg)
            assert cfg.data.label == "a", typed
        for typed in ("[b,a]", "[a,b,a]"):
            cfg = compose("config", [f"data.label={typed}", "data.root=x"])
            check(cfg)
            assert list(cfg.data.label) == ["a", "b"], typed
        for typed in ("[]", "[[a]]"):
            with pytest.raises(ValueError, match=r"data\.label is"):
                check(compose("config", [f"data.label={typed}", "data.root=x"]))


def test_short_names_are_written_in_full_and_a_plus_before_a_group_with_a_place_goes() -> None:
    typed = {"checkpoint.file": "checkpoint"}
    assert in_full(["checkpoint=a=b.ckpt", "run=checkpoint=c"], typed) == [
        "checkpoint.file=a=b.ckpt",
        "run=checkpoint=c",
    ]
    given = ["+experiment=mine", "+sweeps=seeds", "experiment=mine", "+experiments=mine"]
    assert choices_of_groups(given, ("experiment",)) == ["experiment=mine", *given[1:]]
