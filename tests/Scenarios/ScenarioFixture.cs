namespace PRTS.Scenarios;

/// <summary>The installation that all scenarios run on, with one agent and a container engine of its own.</summary>
public sealed class ScenarioFixture : IAsyncLifetime
{
    internal const int Slots = 12;

    private readonly EngineFixture engine = new();
    private readonly string programs = Directory.CreateTempSubdirectory("prts-programs-").FullName;
    private string? whyNoEngine;
    private RegistryProcess? registry;

    /// <summary>Host and port of an image registry, for <c>registry.test:5000</c> in the pipelines.</summary>
    internal string Registry => registry?.Address ?? "127.0.0.1:1";

    internal Installation Prts { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        try
        {
            await engine.InitializeAsync();
            await FakeTools.Import(engine);
            registry = await RegistryProcess.Start();
        }
        catch (InvalidOperationException e)
        {
            // Where the tests may not start an engine, all but those in Containers still run.
            whyNoEngine = e.Message;
        }
        FakeTools.Install(programs);
        Prts = await Installation.Start(Installation.Checkout(), Slots, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}",
            ["PRTS_AGENT_LABELS"] = "scenarios,large",
            ["PRTS_CONTAINERS"] = whyNoEngine is null ? $"unix://{engine.Socket}" : "none",
        });
    }

    internal void Require(string scenario) =>
        Assert.True(whyNoEngine is null || !scenario.StartsWith("Containers/", StringComparison.Ordinal), whyNoEngine);

    public async ValueTask DisposeAsync()
    {
        if (Prts is not null)
            await Prts.DisposeAsync();
        await engine.DisposeAsync();
        if (registry is not null)
            await registry.DisposeAsync();
        Directory.Delete(programs, recursive: true);
    }
}
