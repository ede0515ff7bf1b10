using PRTS.Execution.Jobs;
using PRTS.Execution.Users;
using static PRTS.Execution.Tests.TestMachine;

namespace PRTS.Execution.Tests;

/// <summary>What a crash or a loss of power leaves behind, and clean-ups that are done twice.</summary>
public sealed class LeftoverTests : IAsyncDisposable
{
    private readonly TestMachine machine = new();

    public ValueTask DisposeAsync() => machine.DisposeAsync();

    [Fact]
    public void FindOrphans_TicketLostWithThePower_ClearsItAway()
    {
        var job = machine.Job(Step("true"));
        var path = JobDirectory.Take(machine.Options, job, new UserClaims(machine.Options)).Path;
        File.WriteAllText(Path.Combine(path, "job.json"), "");

        Assert.Empty(JobRunner.FindOrphans(machine.Options));
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public void FindOrphans_DeletionCutShort_IsCompleted()
    {
        var path = JobDirectory.Take(machine.Options, machine.Job(Step("true")), new UserClaims(machine.Options)).Path;
        Directory.Move(path, path + ".deleted");

        Assert.Empty(JobRunner.FindOrphans(machine.Options));
        Assert.Empty(Directory.EnumerateFileSystemEntries(machine.Options.JobsDirectory));
    }

    [Fact]
    public async Task EmptyTrash_DeletionsCutShort_AreCompleted()
    {
        var discarded = Directory.CreateDirectory(Path.Combine(machine.Options.WorkDirectory, ".trash", "job", "workspace")).Parent!;

        await using (var agent = machine.Agent(new TestSink()))
            agent.EmptyTrash();

        Assert.False(Directory.Exists(discarded.FullName));
    }

    [Fact]
    public async Task History_LinesLostWithThePower_AreForgottenFromThere()
    {
        await machine.Run(new TestSink(), machine.Job(Step("true")));
        var directory = JobDirectory.Take(machine.Options, machine.Job(Step("true")), new UserClaims(machine.Options));
        using (var history = new JobHistory(directory))
            history.Append(new Api.Builds.JobStarted { Sequence = 1, At = DateTimeOffset.UnixEpoch }, null);
        await File.AppendAllTextAsync(directory.Events, "\0\0\0\0\n{\"half\":", TestContext.Current.CancellationToken);

        using var reopened = new JobHistory(directory);

        Assert.Equal(DateTimeOffset.UnixEpoch, reopened.Started!.At);
        Assert.Equal(2, reopened.NextSequence);
    }

    [Fact]
    public async Task Run_AttemptEndedUnderAnEarlierAgent_RunsNothingAgain()
    {
        var job = machine.Job(Step("echo once"));
        var first = await machine.Run(new TestSink(), job);

        var again = machine.Agent(first);

        Assert.True(again.HasEnded(job.Attempt));
        Assert.Equal(RunResult.Ended, await again.Run(job, TestContext.Current.CancellationToken));
        Assert.Equal("once\n", first.Log);
        Assert.Equal(4, first.Events.Count);
        Assert.False(again.HasEnded(machine.Job().Attempt));
    }

    [Fact]
    public void EndedAttempts_LastLineCut_KeepsTheOthersAndGrowsOn()
    {
        new EndedAttempts(machine.Options).Add("a/1");
        File.AppendAllText(machine.Options.JobsDirectory + ".ended", "a/2");

        new EndedAttempts(machine.Options).Add("a/3");

        var ended = new EndedAttempts(machine.Options);
        Assert.Equal((true, false, true), (ended.Contains("a/1"), ended.Contains("a/2"), ended.Contains("a/3")));
    }

    [Fact]
    public void EndedAttempts_VeryMany_KeepsTheNewestInABoundedFile()
    {
        var ended = new EndedAttempts(machine.Options);
        for (var n = 1; n <= 3 * EndedAttempts.Kept; n++)
            ended.Add($"a/{n}");

        var reopened = new EndedAttempts(machine.Options);

        Assert.True(reopened.Contains($"a/{3 * EndedAttempts.Kept}"));
        Assert.True(reopened.Contains($"a/{2 * EndedAttempts.Kept + 1}"));
        Assert.False(reopened.Contains("a/1"));
        Assert.InRange(File.ReadLines(machine.Options.JobsDirectory + ".ended").Count(), EndedAttempts.Kept, 2 * EndedAttempts.Kept + 1);
    }

    [Fact]
    public async Task Claim_ManyJobsAtOnce_EachGetsAUser()
    {
        Assert.SkipUnless(Environment.UserName == "root", "The agent does not run as root here.");
        var users = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => Task.Factory.StartNew(
            () => new UserClaims(machine.Options).Claim(Directory.CreateDirectory(Path.Combine(machine.Options.JobsDirectory, $"job{n}")).FullName),
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.Equal(users.Length, users.Distinct().Count());
    }

    [Fact]
    public void Release_RepeatedAfterACrash_LeavesTheNextJobsClaim()
    {
        Assert.SkipUnless(Environment.UserName == "root", "The agent does not run as root here.");
        var claims = new UserClaims(machine.Options);
        string[] jobs = [.. ((string[])["a", "b", "c"]).Select(name => Directory.CreateDirectory(Path.Combine(machine.Options.JobsDirectory, name)).FullName)];
        var first = claims.Claim(jobs[0]);
        claims.Release(first, jobs[0]);
        var second = claims.Claim(jobs[1]);

        claims.Release(second, jobs[0]);

        Assert.NotEqual(second, claims.Claim(jobs[2]));
    }
}
