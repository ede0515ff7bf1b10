using PRTS.Execution.Users;

namespace PRTS.Execution.Tests;

public sealed class SearchPathTests : IDisposable
{
    private static readonly JobUser Stranger = JobUser.Numbered(70_123);
    private readonly string root = Directory.CreateTempSubdirectory("prts-path-").FullName;

    public SearchPathTests() => File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Of_AnotherUser_LeavesOutWhatHeCannotReach()
    {
        var open = Make("open", 0b111_000_001);
        var closed = Make("closed", 0b111_111_110);
        var belowClosed = Make("closed/open", 0b111_101_101);
        var linkToClosed = Path.Combine(root, "link");
        File.CreateSymbolicLink(linkToClosed, belowClosed);

        Assert.Equal($"{open}:/usr/bin", SearchPath.Of(Stranger, $"{closed}:{belowClosed}:{linkToClosed}:{root}/none:{open}:/usr/bin:{open}"));
    }

    [Fact]
    public void Of_OwnUser_KeepsAllButRelativeDirectories() =>
        Assert.Equal("/none:/usr/bin", SearchPath.Of(JobUser.Own, ":/none:.:bin:/usr/bin"));

    [Fact]
    public void Of_NothingIsLeft_IsTheUsualOne() =>
        Assert.Equal("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", SearchPath.Of(Stranger, $"{root}/none:."));

    private string Make(string name, int mode) => Directory.CreateDirectory(Path.Combine(root, name), (UnixFileMode)mode).FullName;
}
