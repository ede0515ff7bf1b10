namespace PRTS.Api.Webhooks;

/// <summary>A door by which another forge starts a project's pipelines.</summary>
public sealed record Webhook
{
    public required string Name { get; init; }

    /// <summary>What is delivered to one that is not enabled is refused.</summary>
    public bool Enabled { get; init; } = true;

    public DateTimeOffset CreatedAt { get; init; }
    public string CreatedBy { get; init; } = "";

    /// <summary>Where it is delivered to: a path of this server.</summary>
    public string Address { get; init; } = "";

    /// <summary>Only in the answer to the request that made it; nobody can ask for it again.</summary>
    public string? Secret { get; init; }
}

/// <summary>What a webhook is to be.</summary>
public sealed record SetWebhook
{
    public bool Enabled { get; init; } = true;

    /// <summary>Makes another secret; the former one is worth nothing from then on. A new webhook gets one anyway.</summary>
    public bool NewSecret { get; init; }
}

/// <summary>What became of a delivery.</summary>
public sealed record WebhookAnswer
{
    /// <summary><c>org/project#number</c> of the builds that it started, now or when it came first.</summary>
    public IReadOnlyList<string> Builds { get; init; } = [];

    /// <summary>Why it started none; null when it did, or was only a trial.</summary>
    public string? Ignored { get; init; }
}
