namespace PRTS.Audit;

/// <summary>Who acts and from where: what all entries of one request have in common. Makes the entries.</summary>
/// <example><c>await audit.Record(source.Allowed("variable:set", AuditTarget.In(org, project, "variable", name), after: new() { ["value"] = value }), token);</c></example>
public sealed record AuditSource(string Tenant, AuditActor Actor, AuditOrigin Origin, string? Request = null)
{
    /// <summary>PRTS by itself. Part: which of its parts, such as <c>schedules</c>.</summary>
    public static AuditSource OfSystem(string tenant, string part) => new(tenant, new(AuditActorKind.System, part, part), new(AuditVia.System));

    /// <summary>It is permitted and about to be done: recorded before it is.</summary>
    public AuditEntry Allowed(string action, AuditTarget target, AuditFields? before = null, AuditFields? after = null) =>
        Entry(action, target, AuditOutcome.Allowed, null) with { Before = before, After = after };

    /// <summary>It was not permitted.</summary>
    public AuditEntry Denied(string action, AuditTarget target, string reason) => Entry(action, target, AuditOutcome.Denied, reason);

    /// <summary>It was permitted and recorded, and then could not be done.</summary>
    public AuditEntry Failed(string action, AuditTarget target, string reason) => Entry(action, target, AuditOutcome.Failed, reason);

    private AuditEntry Entry(string action, AuditTarget target, AuditOutcome outcome, string? reason) => new()
    {
        Tenant = Tenant,
        Actor = Actor,
        Origin = Origin,
        Action = action,
        Target = target,
        Outcome = outcome,
        Reason = reason,
        Request = Request,
    };
}
