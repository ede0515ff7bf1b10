using PRTS.Pipelines.Parsing;

namespace PRTS.Pipelines.Tests;

/// <summary>Each case is a file and its errors as <c>line:column code words…</c>; the words are parts of the message, in their order.</summary>
public class ParserErrorTests
{
    private const string Job = "jobs: [{name: J, steps: [{run: ls}]}]";

    public static TheoryData<string, string, string[]> Cases => new()
    {
        { "unknown key", "nmae: x\nstages: [{name: S, " + Job + "}]", ["1:1 unknown-key `nmae` … Did you mean `name`?"] },
        { "key of another system", "on: push\nstages: [{name: S, " + Job + "}]", ["1:1 unknown-key Did you mean `triggers`?"] },
        { "key of another case", Steps("- run: ls\n  continue-on-error: true"), ["6:9 unknown-key Did you mean `continue_on_error`?"] },
        { "key at another level", "stages:\n- name: S\n  steps: []\n  " + Job, ["3:3 unknown-key it belongs to a job"] },
        { "unlike anything", "stages: [{name: S, " + Job + "}]\nzzzzzzzz: 1", ["2:1 unknown-key Its keys are `version`, `name`"] },
        { "later version", "permissions: 1\nstages:\n- name: S\n  jobs:\n  - name: J\n    steps: [{run: ls, retry: 3}]",
            ["1:1 not-supported-yet `permissions` is not supported yet", "6:23 unknown-key belongs to a job"] },
        { "alias, tag and another", "name: *x\nnmae: y\nstages: [{name: !t S, " + Job + "}]\n---\na: b", ["1:7 unknown-alias", "2:1 unknown-key", "3:17 unsupported-yaml", "4:1 unsupported-yaml"] },
        { "alias of a mapping", "variables: *x\nstages: [{name: S, " + Job + "}]", ["1:12 unknown-alias"] },
        { "two wrong expressions", Steps("- run: echo ${{ a.b }} ${{ 1 }} ${{ secrets.c }} ${{ 2"),
            ["5:23 bad-expression There is no context 'a'", "5:43 bad-expression There is no context 'secrets'", "5:56 bad-expression not closed"] },
        { "duplicate key", "name: a\nname: b\nstages: [{name: S, " + Job + "}]", ["2:1 duplicate-key already given in line 1"] },
        { "duplicate key in env", "env: {A: 1, A: 2}\nstages: [{name: S, " + Job + "}]", ["1:13 duplicate-key"] },
        { "no stages", "name: a", ["1:1 missing-key needs the key `stages`"] },
        { "empty stages", "stages: []", ["1:9 empty-value `stages` is empty"] },
        { "null stages", "stages:", ["1:1 empty-value `stages` has no value"] },
        { "stages no list", "stages: {Build: {}}", ["1:9 wrong-type is a list of stages"] },
        { "stage no mapping", "stages: [Build]", ["1:10 wrong-type A stage is a mapping"] },
        { "root no mapping", "- a", ["1:1 wrong-type A pipeline is a mapping"] },
        { "missing names", "stages:\n- jobs:\n  - steps:\n    - name: x", ["2:3 missing-key A stage needs the key `name`", "3:5 missing-key A job needs", "4:7 missing-key `run`"] },
        { "text as flag", "stages: [{name: S, parallel: yes, " + Job + "}]", ["1:30 wrong-type `true` or `false` … `yes`"] },
        { "quoted flag", "stages: [{name: S, parallel: 'true', " + Job + "}]", ["1:30 wrong-type"] },
        { "name is a list", "name: [a]\nstages: [{name: S, " + Job + "}]", ["1:7 wrong-type `name` is a single text, but this is a list"] },
        { "version", "version: 2.0\nstages: [{name: S, " + Job + "}]", ["1:10 bad-value write `version: \"1.0\"`"] },
        { "duplicate stage", "stages:\n- name: S\n  " + Job + "\n- name: S\n  jobs: [{name: K, steps: [{run: ls}]}]", ["4:9 duplicate-name already a stage `S`, in line 2"] },
        { "duplicate job", "stages:\n- name: S\n  " + Job + "\n- name: T\n  " + Job, ["5:17 duplicate-name already a job `J`, in line 3"] },
        { "unknown stage", "stages:\n- name: Build\n  " + Job + "\n- name: T\n  needs: [build, Nowhere]\n  jobs: [{name: K, steps: [{run: ls}]}]",
            ["5:11 unknown-need Did you mean `Build`?", "5:18 unknown-need The stages are `Build` and `T`"] },
        { "unknown job", "stages:\n- name: S\n  jobs:\n  - name: J\n    needs: S\n    steps: [{run: ls}]", ["5:12 unknown-need There is no job `S` … It is a stage"] },
        { "stage needs itself", "stages:\n- name: S\n  needs: S\n  " + Job, ["3:10 cycle stage `S` ends with its job `J`; job `J` belongs to stage `S`"] },
        { "cycle of stages", "stages:\n- name: A\n  needs: C\n  jobs: [{name: a, steps: [{run: ls}]}]\n- name: B\n  jobs: [{name: b, steps: [{run: ls}]}]\n- name: C\n  needs: [B]\n  jobs: [{name: c, steps: [{run: ls}]}]",
            ["3:10 cycle stage `A` needs `C` … stage `C` needs `B` … stage `B` has no `needs`, so it follows stage `A`"] },
        { "cycle of jobs", "stages:\n- name: S\n  parallel: true\n  jobs:\n  - {name: a, needs: b, steps: [{run: ls}]}\n  - {name: b, needs: a, steps: [{run: ls}]}",
            ["5:22 cycle job `a` needs `b`; job `b` needs `a`. Remove"] },
        { "two cycles through one job", "stages:\n- name: S\n  parallel: true\n  jobs:\n  - {name: a, needs: [b, c], steps: [{run: ls}]}\n  - {name: b, needs: a, steps: [{run: ls}]}\n  - {name: c, needs: a, steps: [{run: ls}]}",
            ["5:23 cycle job `a` needs `b`; job `b` needs `a`. Remove", "5:26 cycle job `a` needs `c`; job `c` needs `a`. Remove"] },
        { "order against need", "stages:\n- name: S\n  jobs:\n  - {name: a, needs: b, steps: [{run: ls}]}\n  - {name: b, steps: [{run: ls}]}",
            ["4:22 cycle job `b` follows job `a`, because stage `S` is not `parallel`"] },
        { "step without command", Steps("- name: x"), ["5:9 missing-key `run` (a command), `artifact` (files to keep), `download`"] },
        { "step with both", Steps("- run: ls\n  artifact: {path: a, name: b}"), ["5:9 conflicting-keys"] },
        { "shell of an artifact", Steps("- artifact: {path: a, name: b}\n  shell: sh"), ["6:9 conflicting-keys `shell`"] },
        { "shell", Steps("- run: ls\n  shell: bsh"), ["6:16 bad-value Did you mean `bash`?"] },
        { "step id", Steps("- run: ls\n  id: 1st step"), ["6:13 bad-name"] },
        { "duplicate id", Steps("- run: ls\n  id: a\n- run: ls\n  id: A"), ["8:13 duplicate-name in line 6"] },
        { "artifact twice", Steps("- artifact: {path: a, name: b}\n- artifact: {path: c, name: b}"), ["6:35 duplicate-name already has an artifact named `b`"] },
        { "artifact's path", Steps("- artifact: {path: /etc, name: b}\n- artifact: {path: a/../.., name: c}"), ["5:26 bad-path", "6:26 bad-path"] },
        { "artifact's keys", Steps("- artifact: {}"), ["5:19 missing-key `path`", "5:19 missing-key `name`"] },
        { "empty command", Steps("- run: ''"), ["5:9 empty-value"] },
        { "runs_on", "stages: [{name: S, jobs: [{name: J, runs_on: 'a b', steps: [{run: ls}]}]}]", ["1:46 bad-name labels are words"] },
        { "services", "stages: [{name: S, jobs: [{name: J, services: {db: postgres}, steps: [{run: ls}]}]}]", ["1:47 wrong-type"] },
        { "variables", "variables: [A]\nenv: {1A: x, PRTS_X: 1, CI: 1, B: [1], C: }\nstages: [{name: S, " + Job + "}]",
            ["1:12 wrong-type", "2:7 bad-name", "2:14 reserved-name", "2:25 reserved-name", "2:35 wrong-type", "2:40 empty-value write `\"\"`"] },
        { "empty when", "stages: [{name: S, when: {}, " + Job + "}]", ["1:26 empty-value"] },
        { "when", "stages: [{name: S, when: {branches: main, event: pusch}, " + Job + "}]", ["1:27 unknown-key Did you mean `branch`?", "1:50 bad-value Did you mean `push`?"] },
    };

    public static TheoryData<string, string[]> TriggerCases => new()
    {
        { "push", ["1:11 wrong-type `triggers` is a list"] },
        { "[pusch]", ["1:12 bad-value Did you mean `push`?"] },
        { "[{push: {branch: main}}]", ["1:20 unknown-key Did you mean `branches`?"] },
        { "[{push: {branches: [a], branches_ignore: [b]}}]", ["1:35 conflicting-keys"] },
        { "[{push: {branches: ['!a']}}]", ["1:31 bad-glob"] },
        { "[{push: {branches: ['[a', '?']}}]", ["1:31 bad-glob", "1:37 bad-glob"] },
        { "[{push: {paths_ignore: ['!a']}}]", ["1:35 bad-glob"] },
        { "[{push: {tags: []}}]", ["1:20 empty-value"] },
        { "[{pull_request: {types: [open]}}]", ["1:36 bad-value"] },
        { "[schedule]", ["1:12 missing-key `cron`"] },
        { "[{schedule: {branch: main}}]", ["1:23 missing-key"] },
        { "[{schedule: {cron: 61 * * * *}}]", ["1:30 bad-cron five fields"] },
        { "[{schedule: {cron: '* * * *'}}]", ["1:30 bad-cron"] },
        { "[{manual: {a: b}}]", ["1:21 wrong-type"] },
        { "[[push]]", ["1:12 wrong-type"] },
    };

    public static TheoryData<string, string[]> TimeoutCases => new()
    {
        { "0", ["1:51 bad-timeout longer than nothing"] },
        { "-5", ["1:51 bad-timeout longer than nothing"] },
        { "0s", ["1:51 bad-timeout longer than nothing"] },
        { "ten", ["1:51 bad-timeout write for example `30s`"] },
        { "1m1h", ["1:51 bad-timeout"] },
        { "10 m", ["1:51 bad-timeout"] },
        { "1d", ["1:51 bad-timeout"] },
        { "721h", ["1:51 bad-timeout longest"] },
        { "1e300", ["1:51 bad-timeout"] },
        { "99999999999999999999999999999999999999h", ["1:51 bad-timeout"] },
        { "NaN", ["1:51 bad-timeout"] },
        { "[1]", ["1:51 wrong-type"] },
    };

    public static TheoryData<string, string, string[]> ExpressionCases => new()
    {
        { "not closed", Steps("- run: echo ${{ build.branch"), ["5:19 bad-expression not closed"] },
        { "unknown context", Steps("- run: echo ${{ git.branch }}"), ["5:23 bad-expression no context 'git'"] },
        { "in double quotes", Steps("- run: \"echo ${{ git.branch }}\""), ["5:24 bad-expression"] },
        { "in a block", Steps("- run: |\n    cd a\n    echo ${{ nope() }}"), ["7:20 bad-expression no function"] },
        { "folded", Steps("- run: >\n    cd a\n    echo ${{ nope() }}"), ["5:14 bad-expression"] },
        { "condition", Steps("- run: ls\n  if: build.branch = 'main'"), ["6:26 bad-expression"] },
        { "half a condition", Steps("- run: ls\n  if: ${{ build.branch }} == 'main'"), ["6:13 bad-expression Only a part"] },
        { "wrapped condition", Steps("- run: ls\n  if: ${{ nope() }}"), ["6:17 bad-expression"] },
        { "empty condition", Steps("- run: ls\n  if: ''"), ["6:14 bad-expression"] },
        { "in env", Steps("- run: ls\n  env: {A: '${{ 1 + 1 }}'}"), ["6:25 bad-expression"] },
        { "where it is too late", "stages: [{name: '${{ build.tag }}', jobs: [{name: J, steps: [{run: ls, id: '${{ env.A }}'}]}]}]", ["1:18 bad-expression write its value out", "1:77 bad-expression"] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    [MemberData(nameof(ExpressionCases))]
    public void Parse_Wrong_SaysWhereAndWhatIsRight(string name, string text, string[] expected)
    {
        Assert.NotEmpty(name);
        Check(expected, Sample.Errors(text));
    }

    [Theory]
    [MemberData(nameof(TriggerCases))]
    public void Parse_WrongTrigger_SaysWhereAndWhatIsRight(string triggers, string[] expected) =>
        Check(expected, Sample.Errors($"triggers: {triggers}\nstages: [{{name: S, {Job}}}]"));

    [Theory]
    [MemberData(nameof(TimeoutCases))]
    public void Parse_WrongTimeout_SaysWhereAndWhatIsRight(string timeout, string[] expected) =>
        Check(expected, Sample.Errors($"stages: [{{name: S, jobs: [{{name: Job, timeout:    {timeout}, steps: [{{run: ls}}]}}]}}]"));

    /// <summary>A job with these steps, which begin in line 5, column 7 (their keys in column 9).</summary>
    private static string Steps(string steps) =>
        $"stages:\n- name: S\n  jobs:\n  - steps:\n      {steps.Replace("\n", "\n      ", StringComparison.Ordinal)}\n    name: J";

    private static void Check(string[] expected, IReadOnlyList<Diagnostic> errors)
    {
        var actual = string.Join('\n', errors);
        Assert.True(expected.Length == errors.Count, actual);
        foreach (var (wanted, error) in expected.Zip(errors))
        {
            var parts = wanted.Split(' ', 3);
            Assert.True($"{error.Line}:{error.Column} {error.Code}" == $"{parts[0]} {parts[1]}", $"Wanted {wanted}, got\n{actual}");
            Assert.Equal(Sample.File, error.File);
            var at = 0;
            foreach (var words in parts.ElementAtOrDefault(2)?.Split(" … ") ?? [])
            {
                var found = error.Message.IndexOf(words, at, StringComparison.Ordinal);
                Assert.True(found >= 0, $"'{words}' is missing in: {actual}");
                at = found;
            }
        }
    }

    [Fact]
    public void Parse_BytesThatAreNoText_ErrorSaysWhere()
    {
        var error = Assert.Single(PipelineParser.Parse("p.yaml", [.. "name: a\nstages: "u8, 0xE9, .. "\n"u8]).Errors);

        Assert.Equal((DiagnosticCodes.Encoding, 2, 9), (error.Code, error.Line, error.Column));
    }

    [Fact]
    public void Parse_ByteOrderMark_IsNoText() =>
        Assert.NotNull(PipelineParser.Parse("p.yaml", [0xEF, 0xBB, 0xBF, .. System.Text.Encoding.UTF8.GetBytes("stages: [{name: S, " + Job + "}]")]).Pipeline);
}
