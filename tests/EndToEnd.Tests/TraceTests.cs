using System.Diagnostics;
using PRTS.Api;
using PRTS.Api.Builds;
using Xunit;

namespace PRTS.EndToEnd.Tests;

/// <summary>A build is one trace, from the push to its steps, also when the agent is killed in the middle of it.</summary>
[Collection("One installation")]
public sealed class TraceTests
{
    [Fact]
    public async Task Build_AgentKilledInTheMiddle_IsOneTrace()
    {
        await using var receiver = new OtlpReceiver();
        await using var prts = await Installation.Start(Installation.Checkout(), slots: 1, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Url.AbsoluteUri,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        });
        var told = await Build(prts);

        var trace = told.Split('-')[1];
        var spans = await receiver.Until(all => Names(all.Where(span => span.Trace == trace)) is var names
            && names.Contains("build") && names.Count(name => name == "step") == 3 && all.Any(span => span.Trace == trace && span.Parent.Length == 0));

        var mine = spans.Where(span => span.Trace == trace).ToList();
        var build = One("build", "prts-server");
        var job = One("job", "prts-agent");
        var steps = mine.Where(span => span.Name == "step").OrderBy(span => span.Attributes["prts.step.index"]).ToList();
        Assert.Equal(build.Id, job.Parent);
        Assert.All([One("checkout", "prts-agent"), One("supervisor", "prts-agent"), .. steps], span => Assert.Equal(job.Id, span.Parent));
        Assert.Equal(["Tell", "Wait", "Fail"], steps.Select(step => step.Attributes["prts.step"]));
        Assert.Equal(["0", "0", "3"], steps.Select(step => step.Attributes["prts.exit_code"]));
        Assert.Equal([1, 1, 2, 2, 2], ((ReceivedSpan[])[.. steps, job, build]).Select(span => span.Status));
        Assert.All(mine.Where(span => span.Service == "prts-agent" && span != job && span.Parent == job.Id), span => Assert.True(span.Start >= job.Start && span.End <= job.End, span.Name));
        Assert.Equal($"00-{trace}-{steps[0].Id}-01\n", told);
        var push = Root(build);
        Assert.Equal(("prts-server", 2), (push.Service, push.Kind));
        Assert.Equal("git-receive-pack", push.Attributes["url.path"].Split('/')[^1]);
        Assert.Contains("Trigger", Way(build).Select(span => span.Name), StringComparer.OrdinalIgnoreCase);

        ReceivedSpan One(string name, string service)
        {
            var span = Assert.Single(mine, span => span.Name == name);
            Assert.Equal(service, span.Service);
            return span;
        }

        IEnumerable<ReceivedSpan> Way(ReceivedSpan from)
        {
            for (var span = from; span is not null; span = mine.SingleOrDefault(parent => parent.Id == span.Parent))
                yield return span;
        }

        ReceivedSpan Root(ReceivedSpan from)
        {
            var last = Way(from).Last();
            Assert.Equal("", last.Parent);
            return last;
        }
    }

    /// <summary>A build whose agent is killed while its second step runs; returns what its first step told.</summary>
    private static async Task<string> Build(Installation prts)
    {
        var gate = Path.Combine(prts.Home, "gate");
        var clone = await prts.Project("traced", $$"""
            name: Traced
            stages:
              - name: Only
                jobs:
                  - name: Work
                    steps:
                      - name: Tell
                        run: echo $TRACEPARENT
                      - name: Wait
                        run: until [ -e {{gate}} ]; do sleep 0.05; done
                      - name: Fail
                        run: exit 3
            """);
        await Installation.Git(clone, "push", "--quiet", "origin", "main");
        await prts.WaitFor("bench/traced", 1, build => Work(build).Steps is [_, { Status: RunStatus.Running }, ..]);
        var agent = (await prts.Processes())["agent"];
        Process.GetProcessById(agent).Kill();
        await File.WriteAllTextAsync(gate, "", TestContext.Current.CancellationToken);
        await prts.WaitFor("bench/traced", 1, build => build.Status == RunStatus.Failed);
        return await prts.Http.GetStringAsync("/api/v1/projects/bench/traced/builds/1/jobs/work/log", TestContext.Current.CancellationToken);
    }

    private static List<string> Names(IEnumerable<ReceivedSpan> spans) => [.. spans.Select(span => span.Name)];

    private static JobSummary Work(BuildSummary build) => build.Stages![0].Jobs[0];
}
