using System.Globalization;
using PRTS.Fuzz.Tests.Loop;
using PRTS.Fuzz.Tests.Targets;

namespace PRTS.Fuzz.Tests;

/// <summary>Searches, guided by the code that inputs reach, for bytes that a reader neither accepts nor refuses as it should.</summary>
public sealed class FuzzTests(InstrumentedCopy copy) : IClassFixture<InstrumentedCopy>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("prts-fuzz-run-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Few enough executions that a slow machine makes them, too.</summary>
    public static TheoryData<string, long> Targets => new() { { "YAML", 5_000 }, { "archive", 3_000 }, { "SAML", 3_000 }, { "SAML metadata", 5_000 }, { "webhook", 20_000 } };

    [Theory]
    [MemberData(nameof(Targets))]
    public Task Read_AnyBytes_AcceptsOrRefuses(string target, long executions) => Search(target, executions, Setting("PRTS_FUZZ_SECONDS", 25), Setting("PRTS_FUZZ_SEED", 1));

    [Theory(Explicit = true)]
    [MemberData(nameof(Targets))]
    public Task Read_AnyBytesForLong_AcceptsOrRefuses(string target, long executions) => Search(target, 10 * executions, seconds: 600, seed: Environment.TickCount);

    /// <summary>Seven bytes must be right, each of which is a step of its own: by chance one of 2^48 inputs has them.</summary>
    [Fact]
    public async Task Search_PlantedFault_IsFoundOnlyByCoverage()
    {
        var order = Order("planted", 3_000_000, 0, seed: 1) with { StopAtFirst = true };
        var guided = await FuzzRun.Search(copy, order);
        var blind = await FuzzRun.Search(copy, order with { Guided = false, Executions = Math.Max(guided.Executions, 300_000) });

        var finding = Assert.Single(guided.Findings);
        Assert.Contains("This is the planted fault.", finding.What, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => PlantedFaults.Throw(finding.Input));
        Assert.Empty(blind.Findings);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"counted: fuzzing a planted fault, found after {guided.Executions} executions with coverage, not found in {blind.Executions} without"));
    }

    /// <summary>What no exception tells.</summary>
    [Theory]
    [InlineData("planted, endless", "There is no answer after ")]
    [InlineData("planted, memory", "The input needs ")]
    [InlineData("planted, stack", "The process ended with ")]
    public async Task Search_InputThatTakesWhatThereIs_IsFound(string target, string words)
    {
        var finding = Assert.Single((await FuzzRun.Search(copy, Order(target, 1_000_000, 0, seed: 1) with { StopAtFirst = true })).Findings);
        Assert.Contains(words, finding.What, StringComparison.Ordinal);
        Assert.Equal(0xFF, finding.Input[0]);
    }

    private async Task Search(string target, long executions, int seconds, int seed)
    {
        var order = Order(target, executions, seconds, seed);
        var report = await FuzzRun.Search(copy, order);
        var found = FuzzRun.Describe(order, report);
        Assert.True(found.Length == 0, found);
        Assert.True(report.Executions >= executions, $"Only {report.Executions} executions.");
        Assert.True(report.FirstEdges > 0, "The readers are not instrumented.");
        Assert.True(report.Edges > report.FirstEdges && report.Edges > report.SeedEdges, $"The search reaches no code that the seeds do not: {report}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"counted: fuzzing {target}, {report.Executions} executions, {report.Edges} edges ({report.SeedEdges} of the {report.Seeds} seeds), {report.Corpus} inputs in the corpus, 0 findings (seed {seed})"));
    }

    /// <summary>For whoever looks for more, or for the same again.</summary>
    private static int Setting(string variable, int usual) => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : usual;

    private FuzzOrder Order(string target, long executions, int seconds, int seed) => new() { Target = target, Executions = executions, Seconds = seconds, Seed = seed, Folder = Path.Combine(folder, target) };
}
