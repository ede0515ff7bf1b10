using Xunit;

[assembly: AssemblyFixture(typeof(PRTS.EndToEnd.Tests.PrtsFixture))]

namespace PRTS.EndToEnd.Tests;

/// <summary>One installation for all tests, started by the command that users have. The tests take turns: some kill parts of it.</summary>
public sealed class PrtsFixture : IAsyncLifetime
{
    internal Installation Prts { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Prts = await Installation.Start(Installation.Checkout(), slots: 2);

    public ValueTask DisposeAsync() => Prts is null ? ValueTask.CompletedTask : Prts.DisposeAsync();
}
