using CsCheck;
using PRTS.Execution.Caches;

namespace PRTS.Execution.Tests;

public class StepFactsTests
{
    private static readonly Gen<string> Text = Gen.OneOf(Gen.String[0, 6], Gen.Int[0, 5].Select(n => "a/b\n\0:="[..n]), Gen.Const(""), Gen.Const("x"));
    private static readonly Gen<(string, string)> Pair = Gen.Select(Text, Text);
    private static readonly Gen<StepFile> File = Gen.Select(Text, Gen.Bool, Text, (path, executable, hash) => new StepFile(path, executable, hash));

    private static readonly Gen<StepFacts> Facts = Gen.Select(
        Gen.Select(Text, Text, Text, Text),
        Gen.Select(Pair.Array[0, 3], Pair.Array[0, 3], Text.Array[0, 3], Text.Array[0, 3]),
        Gen.Select(File.Array[0, 4], Pair.Array[0, 3]),
        (texts, lists, files) => new StepFacts
        {
            Command = texts.Item1,
            Shell = texts.Item2,
            Directory = texts.Item3,
            Host = texts.Item4,
            Services = lists.Item1,
            Variables = [.. lists.Item2.DistinctBy(pair => pair.Item1)],
            Inputs = lists.Item3,
            Outputs = lists.Item4,
            Files = [.. files.Item1.DistinctBy(file => file.Path)],
            Links = [.. files.Item2.DistinctBy(link => link.Item1)],
        });

    /// <summary>One thing of a step changes: the key does, and no two of all that were ever seen share one.</summary>
    [Fact]
    public void Key_TenThousandMutatedSteps_NoFalseHit()
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        Gen.Select(Facts, Gen.Int[0, 17], Text).Sample((facts, what, text) =>
        {
            var mutated = Mutate(facts, what, text);
            foreach (var one in (StepFacts[])[facts, mutated])
            {
                var (key, shown) = (one.Key(), Show(one));
                lock (seen)
                    Assert.Equal(shown, seen.TryGetValue(key, out var before) ? before : seen[key] = shown);
            }

            Assert.Equal(Show(facts) == Show(mutated), facts.Key() == mutated.Key());
        }, iter: 10_000);
    }

    [Fact]
    public void Key_OrderOfFilesAndVariables_DoesNotCount() => Facts.Sample(facts => Assert.Equal(facts.Key(), (facts with
    {
        Files = [.. facts.Files.Reverse()],
        Links = [.. facts.Links.Reverse()],
        Variables = [.. facts.Variables.Reverse()],
    }).Key()), iter: 500);

    private static StepFacts Mutate(StepFacts facts, int what, string text) => what switch
    {
        0 => facts with { Command = facts.Command + text },
        1 => facts with { Shell = text },
        2 => facts with { Directory = text },
        3 => facts with { Host = text },
        4 => facts with { Command = facts.Shell, Shell = facts.Command },
        5 => facts with { Services = [.. facts.Services, (text, text)] },
        6 => facts with { Variables = [.. facts.Variables.Where(variable => variable.Name != text), (text, "1")] },
        7 => facts with { Variables = [.. facts.Variables.Skip(1)] },
        8 => facts with { Inputs = [.. facts.Inputs, text] },
        9 => facts with { Outputs = [.. facts.Outputs, text] },
        10 => facts with { Inputs = facts.Outputs, Outputs = facts.Inputs },
        11 => facts with { Files = [.. facts.Files.Where(file => file.Path != text), new(text, false, "1")] },
        12 => facts with { Files = [.. facts.Files.Select((file, n) => n == 0 ? file with { Executable = !file.Executable } : file)] },
        13 => facts with { Files = [.. facts.Files.Select((file, n) => n == 0 ? file with { Sha256 = file.Sha256 + text } : file)] },
        14 => facts with { Files = [.. facts.Files.Skip(1)] },
        15 => facts with { Links = [.. facts.Links.Where(link => link.Path != text), (text, text)] },
        16 => facts with { Links = [.. facts.Links.Skip(1)], Files = [.. facts.Files, .. facts.Links.Take(1).Select(link => new StepFile(link.Path, false, link.Target))] },
        _ => facts with { Services = facts.Variables, Variables = facts.Services },
    };

    /// <summary>What makes two steps the same, written so that nothing can be taken for something else.</summary>
    private static string Show(StepFacts facts) => System.Text.Json.JsonSerializer.Serialize(new object[]
    {
        facts.Command, facts.Shell, facts.Directory, facts.Host,
        facts.Services.Select(pair => (string[])[pair.Name, pair.Settings]),
        facts.Variables.OrderBy(pair => pair.Name, StringComparer.Ordinal).Select(pair => (string[])[pair.Name, pair.Value]),
        facts.Inputs, facts.Outputs,
        facts.Files.OrderBy(file => file.Path, StringComparer.Ordinal).Select(file => (object[])[file.Path, file.Executable, file.Sha256]),
        facts.Links.OrderBy(link => link.Path, StringComparer.Ordinal).Select(link => (string[])[link.Path, link.Target]),
    });
}
