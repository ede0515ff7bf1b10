using PRTS.Contracts.Access;
using PRTS.Storage.Git;

namespace PRTS.Web.Tests.Git;

/// <summary>Measures the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(LargePushTests), DisableParallelization = true)]
public sealed class LargePushCollection;

[Collection(nameof(LargePushTests))]
public sealed class LargePushTests(TestServer server) : IDisposable
{
    private readonly GitProgram git = new();

    public void Dispose() => git.Dispose();

    [Fact]
    public async Task Push_FiftyMegabytes_IsNotHeldInMemory()
    {
        const long Size = 50 << 20;
        var project = await server.NewProject();
        var token = await server.NewToken(Role.Developer);
        var work = await git.NewRepository(Size);
        var before = GC.GetTotalAllocatedBytes();
        await git.Run(work, "push", $"http://any:{token}@{server.Address.Authority}/git/{project}.git", "HEAD:refs/heads/main");
        var allocated = GC.GetTotalAllocatedBytes() - before;
        Assert.True(allocated < Size, $"{allocated} bytes were allocated for a push of {Size}");
        Assert.Single(await server.Get<Repositories>().Refs(project));
    }
}
