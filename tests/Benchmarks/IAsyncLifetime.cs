namespace Xunit;

/// <summary>The engine's fixture is shared with the tests; here there is no test framework.</summary>
public interface IAsyncLifetime : IAsyncDisposable
{
    ValueTask InitializeAsync();
}
