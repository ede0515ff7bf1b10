using PRTS.Audit;
using PRTS.Web.Audit;

namespace PRTS.Web.Tests.Audit;

public class AuditDifferenceTests
{
    [Fact]
    public void Of_BothSides_SaysWhatWasAddedRemovedAndChanged()
    {
        var rows = AuditDifference.Of(
            new() { ["gone"] = "x", ["same"] = 1, ["value"] = AuditValue.Secret, ["branches"] = AuditValue.List(["main"]) },
            new() { ["new"] = true, ["same"] = 1, ["value"] = AuditValue.Secret, ["branches"] = AuditValue.List(["main", "dev"]), ["empty"] = "" });
        Assert.Equal(
            ["branches changed main|main, dev", "gone removed x|", "new added |true", "same same 1|1", "value same [secret]|[secret]"],
            rows.Select(row => $"{row.Name} {row.Change} {row.Before}|{row.After}"));
        Assert.Empty(AuditDifference.Of(null, null));
    }
}
