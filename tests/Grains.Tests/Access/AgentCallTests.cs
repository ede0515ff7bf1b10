using System.Globalization;
using System.Reflection;
using Orleans.Concurrency;
using Orleans.Core.Internal;
using Orleans.Runtime;
using Orleans.Streams;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Agents;
using PRTS.Contracts.Builds;
using PRTS.Contracts.Concurrency;
using PRTS.Contracts.Logs;
using PRTS.Contracts.Projects;
using PRTS.Grains.Tests.Cluster;

namespace PRTS.Grains.Tests.Access;

/// <summary>Every method of every grain, found by reflection, called from an agent's silo: for itself, for another agent, and for another tenant's.</summary>
public class AgentCallTests(AgentCallCluster cluster) : IClassFixture<AgentCallCluster>
{
    private const string Own = "default/mine";
    private const string Other = "default/other";
    private const string Foreign = "foreign/theirs";

    /// <param name="Target">The agent whose grain, job and tenant are called.</param>
    /// <param name="Holder">The agent whose attempt's token is shown; null: none is.</param>
    private sealed record Caller(string Name, IGrainFactory Grains, string Target, string? Holder, bool MayAll = false, bool MayOwn = false);

    [Fact]
    public async Task Matrix_EachGrainMethodFromAnAgent_AnswersAsTheTableSays()
    {
        var table = Table();
        var calls = GrainInterfaces().SelectMany(type => Methods(type).Select(method => (Type: type, Method: method))).ToList();
        Assert.Equal(
            calls.Select(call => Name(call.Method)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            table.Keys.Order(StringComparer.Ordinal));

        List<Caller> callers =
        [
            new("a server", cluster.ServerGrains, Own, Own, MayAll: true),
            new("the agent for itself", cluster.AgentGrains, Own, Own, MayOwn: true),
            new("the agent without a token", cluster.AgentGrains, Own, null),
            new("the agent for another", cluster.AgentGrains, Other, Own),
            new("the agent for another with its token", cluster.AgentGrains, Other, Other),
            new("the agent for another tenant's", cluster.AgentGrains, Foreign, Own),
            new("the agent for another tenant's with its token", cluster.AgentGrains, Foreign, Foreign),
            new("a client outside the cluster", cluster.ClientGrains, Own, Own),
        ];
        var wrong = new List<string>();
        var cells = 0;
        foreach (var (type, method) in calls)
        {
            foreach (var caller in callers)
            {
                cells++;
                var who = table[Name(method)];
                var may = caller.MayAll || (caller.MayOwn && who != "nobody") || (who == "itself" && caller.Grains == cluster.AgentGrains && caller.Target == Own);
                var refused = await Refused(() => Call(caller, type, method));
                if (refused == may) wrong.Add($"{caller.Name}: {type.Name} {Name(method)} was {(refused ? "refused" : "let through")}");
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"counted: grain calls, {table.Count} methods of {GrainInterfaces().Count()} grains, {callers.Count} callers, {cells} cells, {wrong.Count} wrong"));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(cells > 450);
    }

    /// <summary>A subscription is kept by Orleans' rendezvous grain, a message goes to its queue's grain: an agent reaches neither.</summary>
    [Fact]
    public async Task Streams_FromAnAgent_AreNeitherReadNorWritten()
    {
        Assert.Null(cluster.Agent.GetService(typeof(IStreamProvider)));
        var attempt = AttemptOf(Own);
        // The agent may write its log, and may not follow even that by the stream.
        foreach (var stream in (StreamId[])[Streams.Log(attempt), Streams.Log(AttemptOf(Foreign)), Streams.Build(ProjectId.DefaultTenant), Streams.Build("foreign")])
        {
            await AllRefused(Streaming("Orleans.Streams.IPubSubRendezvousGrain"), type => cluster.AgentGrains.GetGrain(type, $"{Streams.Provider}/{stream}"));
        }

        await AllRefused(Streaming("Orleans.Providers.IMemoryStreamQueueGrain"), type => cluster.AgentGrains.GetGrain(type, Guid.NewGuid()));
    }

    [Fact]
    public async Task Orleans_FromAnAgent_ManagesNothing()
    {
        await AllRefused(typeof(IManagementGrain), type => cluster.AgentGrains.GetGrain(type, 0));
        Assert.NotEmpty(await cluster.ServerGrains.GetGrain<IManagementGrain>(0).GetHosts());

        var log = cluster.AgentGrains.GetGrain<ILogGrain>(AttemptOf(Own).Key);
        Assert.True(await Refused(async () => await log.AsReference<IGrainManagementExtension>().DeactivateOnIdle()));

        var tried = 0;
        foreach (var (name, kind) in new[] { ("Orleans.ISiloControl", "silo-control"), ("Orleans.Runtime.ICatalog", "catalog") })
        {
            var type = AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(name)).Single(found => found is not null)!;
            var target = SystemTargetGrainId.Create(SystemTargetType(kind), cluster.ServerAddress).GrainId;
            tried += await AllRefused(type, face => cluster.AgentGrains.GetGrain(target, GrainInterfaceType.Create(face.FullName!)));
        }

        Assert.True(tried > 5);
    }

    private static GrainType SystemTargetType(string kind) => GrainType.Create($"sys.svc.{kind}");

    private static Type Streaming(string name) => typeof(StreamSequenceToken).Assembly.GetType(name) ?? typeof(Orleans.Providers.MemoryMessageData).Assembly.GetType(name)!;

    private static async Task<int> AllRefused(Type type, Func<Type, object> address)
    {
        var methods = Methods(type).Where(method => !method.ContainsGenericParameters).ToList();
        Assert.NotEmpty(methods);
        foreach (var method in methods)
        {
            var grain = address(type);
            Assert.True(await Refused(() => Invoke(grain, method, parameter => Plain(parameter.ParameterType))), $"{type.Name}.{method.Name} was let through.");
        }

        return methods.Count;
    }

    private static IEnumerable<Type> GrainInterfaces() =>
        typeof(IBuildGrain).Assembly.GetTypes().Where(type => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type) && type != typeof(IGroupMember));

    private static IEnumerable<MethodInfo> Methods(Type type) =>
        type.GetInterfaces().Append(type).SelectMany(face => face.GetMethods()).Where(method => !method.IsStatic && !method.IsSpecialName && typeof(Task).IsAssignableFrom(method.ReturnType) | method.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal));

    private static string Name(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";

    private static async Task<bool> Refused(Func<Task> call)
    {
        try
        {
            await call();
            return false;
        }
        catch (UnauthorizedAccessException refused) when (refused.Message.Contains(" may not call ", StringComparison.Ordinal))
        {
            return true;
        }
        catch (Exception other) when (other is not TimeoutException and not TargetInvocationException)
        {
            // The call came through, and the grain could do nothing with what it was given.
            return false;
        }
    }

    private Task Call(Caller caller, Type type, MethodInfo method)
    {
        var name = caller.Target.Split('/')[1];
        return Invoke(
            caller.Grains.GetGrain(type, Key(type, caller.Target)),
            method,
            parameter => parameter.ParameterType == typeof(AgentHello) ? new AgentHello { Name = name, Session = "s", Labels = [], Slots = 0 }
                : parameter.ParameterType == typeof(AgentBeat) ? new AgentBeat { Name = name, Session = "s", Running = [] }
                : parameter.Name == "token" ? caller.Holder is { } holder ? cluster.Tokens.Create(AttemptOf(holder), holder.Split('/')[1]) : ""
                : Plain(parameter.ParameterType));
    }

    private static async Task Invoke(object grain, MethodInfo method, Func<ParameterInfo, object?> value)
    {
        dynamic pending = method.Invoke(grain, [.. method.GetParameters().Select(value)])!;
        await pending;
    }

    private static object? Plain(Type type) =>
        type == typeof(string) ? "x"
        : type == typeof(Immutable<byte[]>) ? new Immutable<byte[]>([1])
        : type.IsValueType ? Activator.CreateInstance(type)
        : null;

    private static AttemptId AttemptOf(string agent) => new(new(BuildOf(agent), "job"), 1);

    private static BuildId BuildOf(string agent) => new(new(agent.Split('/')[0], "matrix", agent.Split('/')[1]), 1);

    private static string Key(Type type, string agent)
    {
        var tenant = agent.Split('/')[0];
        return type switch
        {
            _ when type == typeof(IAgentGrain) => agent,
            _ when type == typeof(IAgentsGrain) || type == typeof(ITenantGrain) || type == typeof(IGrantsGrain) => tenant,
            _ when type == typeof(IProjectGrain) => BuildOf(agent).Project.Key,
            _ when type == typeof(IBuildGrain) => BuildOf(agent).Key,
            _ when type == typeof(IJobGrain) => AttemptOf(agent).Job.Key,
            _ when type == typeof(ILogGrain) => AttemptOf(agent).Key,
            _ when type == typeof(IConcurrencyGrain) => GroupKeys.OfBuilds(BuildOf(agent).Project, "group"),
            _ when type == typeof(IOrganizationGrain) => $"{tenant}/matrix",
            _ when type == typeof(ITeamGrain) => $"{tenant}/matrix/team",
            _ when type == typeof(IUserGrain) => $"{tenant}/{Guid.Empty}",
            _ => throw new InvalidOperationException($"This test does not know how {type.Name} is addressed."),
        };
    }

    private static Dictionary<string, string> Table()
    {
        using var stream = typeof(AgentCallTests).Assembly.GetManifestResourceStream("agent-calls.txt")!;
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n').Where(line => line.Trim().Length > 0 && !line.StartsWith('#')).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.All(lines, line => Assert.Contains(line[1], (string[])["attempt", "itself", "nobody"]));
        return lines.ToDictionary(line => line[0], line => line[1], StringComparer.Ordinal);
    }
}
