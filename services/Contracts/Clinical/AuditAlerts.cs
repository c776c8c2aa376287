namespace MedCor.Contracts.Clinical;

/// <summary>Specifies what is conspicuous about the audit events of an hour.</summary>
public enum AuditAlertRule
{
    /// <summary>Somebody has read the data of very many patients.</summary>
    BulkRead,
    /// <summary>Very many attempts of somebody, or at one account, were refused.</summary>
    RepeatedFailures,
    /// <summary>A refresh token or an authorization code was used twice, so somebody has copied it.</summary>
    TokenReuse,
    /// <summary>Somebody has exported the data of another person or of the hospital.</summary>
    Export,
}

/// <summary>Represents something conspicuous in the audit trail. It is published once for each hour, rule and subject.</summary>
/// <param name="HospitalId">The ID of the hospital whose trail it is about; null for that of the platform.</param>
/// <param name="SubjectId">The ID of the user who has read or exported, or at whose account it happened.</param>
/// <param name="Count">The number of events when the limit was reached.</param>
/// <param name="Since">The beginning of the hour.</param>
public sealed record AuditAlert(Guid Id, Guid? HospitalId, AuditAlertRule Rule, Guid SubjectId, long Count, DateTimeOffset Since);

/// <summary>Represents the event that something conspicuous was found in the audit trail.</summary>
[LiveResource("audit_events")]
[NamedLiveEvent("audit_alert", typeof(AuditAlert), "something conspicuous was found in the audit trail")]
public sealed record AuditAlertRaised(AuditAlert Alert) : IntegrationEvent(Alert.HospitalId, 1)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Alert, new(Alert.HospitalId is null ? Callers.Platform : Callers.Admins));
}
