using Bunit;
using Microsoft.Extensions.DependencyInjection;
using PRTS.Api;
using PRTS.Api.Builds;
using PRTS.Contracts.Access;
using PRTS.Pipelines;
using PRTS.Storage.Audit;
using PRTS.Web.Audit;
using PRTS.Web.Builds;
using PRTS.Web.Shell;
using Xunit;

namespace PRTS.Web.Tests.Pages;

public sealed class BuildComponentsTests : PageTest
{
    public BuildComponentsTests(TestServer server)
    {
        Services.AddSingleton(server.Grains);
        Services.AddSingleton(server.Get<AuditLog>());
        Services.AddHttpContextAccessor();
        Services.AddScoped<PageAudit>();
    }

    [Theory]
    [InlineData("en", "Waiting")]
    [InlineData("zh-Hans", "等待中")]
    public void StatusChip_Languages_HasTheWordAndTheShape(string culture, string word)
    {
        using var language = In(culture);
        var chip = Render<StatusChip>(parameters => parameters.Add(c => c.Status, RunStatus.Waiting));
        Assert.Equal(word, chip.Find(".status").TextContent.Trim());
        Assert.NotNull(chip.Find("svg.status-waiting"));
    }

    [Fact]
    public void JobGraph_JobsAsTheyRun_AreDrawnAnewInPlace()
    {
        var graph = Render<JobGraph>(parameters => Show(parameters, RunStatus.Queued));
        graph.Render(parameters => Show(parameters, RunStatus.Running));
        graph.Render(parameters => Show(parameters, RunStatus.Succeeded));
        Assert.All(graph.FindAll(".node"), node => Assert.Equal("succeeded", node.GetAttribute("data-status")));
        Assert.Equal("/b?job=build", graph.Find(".node[aria-current=true]").GetAttribute("href"));
    }

    /// <summary>A stage and its job of one name, as is common.</summary>
    private static void Show(ComponentParameterCollectionBuilder<JobGraph> parameters, RunStatus status) => parameters
        .Add(g => g.Stages, [Samples.Stage("build", [], Samples.Job("build", "build", status)), Samples.Stage("test", ["build"], Samples.Job("test", "test", status, "build"))])
        .Add(g => g.Selected, "build")
        .Add(g => g.Address, key => $"/b?job={key}");

    [Theory]
    [InlineData(Role.Viewer, RunStatus.Running, "")]
    [InlineData(Role.Viewer, RunStatus.Failed, "")]
    [InlineData(Role.Developer, RunStatus.Running, "Cancel build")]
    [InlineData(Role.Developer, RunStatus.Failed, "Run failed jobs again,Run again")]
    [InlineData(Role.Developer, RunStatus.Succeeded, "Run again")]
    public void BuildHeader_Buttons_AreThoseThatTheRoleMayPress(Role role, RunStatus status, string expected)
    {
        using var language = In("en");
        As(role);
        var header = Render<BuildHeader>(parameters => parameters.Add(h => h.Build, Samples.Build(status)));
        Assert.Equal(expected, string.Join(',', header.FindAll("button").Select(button => button.TextContent.Trim())));
    }

    [Fact]
    public void JobPanel_WaitingJob_SaysWhyAndHasNoLog()
    {
        var panel = Panel(Samples.Job("gpu", "Build", RunStatus.Waiting) with { Reason = "No agent has the label 'gpu'." });
        Assert.Contains("No agent has the label 'gpu'.", panel.Find(".notice-waiting").TextContent, StringComparison.Ordinal);
        Assert.Empty(panel.FindAll("prts-log"));
    }

    [Fact]
    public void JobPanel_Steps_LeadToTheirPlaceInTheLog()
    {
        var panel = Panel(Samples.Job("unit", "Test", RunStatus.Failed) with
        {
            StartedAt = Samples.Noon,
            FinishedAt = Samples.Noon.AddSeconds(3),
            Steps =
            [
                new() { Index = 0, Name = "npm ci", Status = RunStatus.Succeeded, LogStart = 0 },
                new() { Index = 1, Name = "npm test", Status = RunStatus.Failed, LogStart = 4711, Reason = "Exit code 1." },
                new() { Index = 2, Name = "npm pack", Status = RunStatus.Skipped },
            ],
        });
        Assert.Equal(["0", "4711", null], panel.FindAll(".step button").Select(button => button.GetAttribute("data-log-offset")));
        Assert.True(panel.FindAll(".step button")[2].HasAttribute("disabled"));
        Assert.Equal("/api/v1/projects/acme/shop/builds/7/jobs/unit/log", panel.Find("prts-log").GetAttribute("src"));
    }

    [Theory]
    [InlineData(Role.Viewer, "")]
    [InlineData(Role.Developer, "It ran: go on,Run it again")]
    public void JobPanel_AJobThatAsks_ShowsTheQuestionAndWhoMayAnswer(Role role, string buttons)
    {
        using var language = In("en");
        As(role);
        var panel = Panel(Samples.Job("pay", "Money", RunStatus.Waiting) with { Reason = "once", Question = new() { Step = 0, Name = "Pay", Reason = "It cannot be told whether it ran." } });
        Assert.Contains("It cannot be told whether it ran.", panel.Find("[role=group]").TextContent, StringComparison.Ordinal);
        Assert.Equal(buttons, string.Join(',', panel.FindAll("[role=group] button").Select(button => button.TextContent.Trim())));
    }

    [Fact]
    public void JobPanel_EarlierAttempt_ShowsItsLogAndNotTheStepsOfTheLast()
    {
        var job = Samples.Job("unit", "Test", RunStatus.Succeeded) with { Attempt = 3, StartedAt = Samples.Noon, Steps = [new() { Index = 0, Name = "npm ci", Status = RunStatus.Succeeded, LogStart = 0 }] };
        var panel = Render<JobPanel>(parameters => parameters.Add(p => p.Job, job).Add(p => p.Build, Samples.Id).Add(p => p.Attempt, 2));
        Assert.Equal(["/acme/shop/builds/7?job=unit&attempt=1", "/acme/shop/builds/7?job=unit&attempt=2", "/acme/shop/builds/7?job=unit"], panel.FindAll(".attempts a").Select(link => link.GetAttribute("href")));
        Assert.Equal("2", panel.Find(".attempts a[aria-current]").TextContent);
        Assert.Equal("2", panel.Find("prts-log").GetAttribute("attempt"));
        Assert.Empty(panel.FindAll(".step"));
        Assert.Equal("3", Panel(job).Find("prts-log").GetAttribute("attempt"));
    }

    [Theory]
    [InlineData(RunStatus.Failed, true)]
    [InlineData(RunStatus.Succeeded, false)]
    public void JobPanel_JobThatEnded_CanGoOnWhereItFailed(RunStatus status, bool can)
    {
        using var language = In("en");
        As(Role.Developer);
        var job = Samples.Job("unit", "Test", status) with { Agent = "vm", StartedAt = Samples.Noon, Steps = [new() { Index = 0, Name = "npm ci", Status = status }] };
        var panel = Render<JobPanel>(parameters => parameters.Add(p => p.Job, job).Add(p => p.Build, Samples.Id).Add(p => p.Ended, true));
        Assert.Equal(can, panel.FindAll("[aria-label='Go on from the failed step']").Count == 1);
    }

    [Fact]
    public void JobPanel_TextFromOutside_IsNeverMarkup()
    {
        const string Evil = "<img src=x onerror=alert(1)>";
        var panel = Panel(Samples.Job("x", "Test", RunStatus.Failed) with { Name = Evil, Reason = Evil, StartedAt = Samples.Noon });
        Assert.Empty(panel.FindAll("img"));
        Assert.Contains(Evil, panel.Find("h2").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void DiagnosticsList_Errors_HaveFileLineColumnAndWhatWouldBeRight()
    {
        var list = Render<DiagnosticsList>(parameters => parameters.Add(l => l.Diagnostics, [new Diagnostic { Code = "unknown-key", File = ".prts/a.yaml", Line = 3, Column = 5, Message = "'stagess' is no key here; did you mean 'stages'?" }]));
        Assert.Equal(".prts/a.yaml:3:5", list.Find(".place").TextContent);
        Assert.Contains("did you mean", list.Find("li").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(5L << 40, "5 TiB")]
    public void Bytes_Sizes_HaveAUnit(long count, string expected)
    {
        Thread.CurrentThread.CurrentCulture = System.Globalization.CultureInfo.InvariantCulture;
        Assert.Equal(expected, Texts.Bytes(count));
    }

    private IRenderedComponent<JobPanel> Panel(JobSummary job) => Render<JobPanel>(parameters => parameters.Add(p => p.Job, job).Add(p => p.Build, Samples.Id));
}
