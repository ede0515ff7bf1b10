using PRTS.Api.Artifacts;
using PRTS.Web.Artifacts;
using Xunit;

namespace PRTS.Web.Tests.Pages;

public sealed class FolderListingTests
{
    private static readonly ArtifactFile[] Files = [File("index.html", 1), File("assets/app.js", 2), File("assets/img/a.svg", 4), File("assets-old/x", 8)];

    [Fact]
    public void Of_Top_HasFoldersWithAllBelow()
    {
        var top = FolderListing.Of(Files, "");
        Assert.Equal([new Folder("assets", "assets", 2, 6), new Folder("assets-old", "assets-old", 1, 8)], top.Folders);
        Assert.Equal(["index.html"], top.Files.Select(file => file.Path));
    }

    [Fact]
    public void Of_Folder_HasOnlyItsOwn()
    {
        var folder = FolderListing.Of(Files, "assets");
        Assert.Equal(["assets/img"], folder.Folders.Select(child => child.Path));
        Assert.Equal(["assets/app.js"], folder.Files.Select(file => file.Path));
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("../..")]
    [InlineData("index.html")]
    public void Of_WhatIsNoFolder_IsEmpty(string path)
    {
        var nothing = FolderListing.Of(Files, path);
        Assert.Empty(nothing.Folders);
        Assert.Empty(nothing.Files);
    }

    [Fact]
    public void Of_FolderWithVeryManyFiles_SaysHowManyMore() =>
        Assert.Equal(500, FolderListing.Of(Enumerable.Range(0, 1500).Select(index => File($"f{index}", 1)), "").More);

    private static ArtifactFile File(string path, long size) => new() { Path = path, Size = size, Sha256 = "" };
}
