using MedCor.Contracts.Identity;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using MedCor.Platform.Querying;
using MedCor.Platform.Resources;

namespace MedCor.Identity.Authorization;

internal sealed class SessionResource(IdentityDb db) : QueryableResource<Session, SessionWithClient, UserSession>(db)
{
    private static readonly QueryableFields<Session> QueryFields = new QueryableFields<Session>("-started_at", s => s.Id)
    {
        { "id", s => s.Id, Selectivity.High },
        { "started_at", s => s.StartedAt },
        { "last_used_at", s => s.LastUsedAt ?? s.StartedAt },
        { "ends_at", s => s.EndsAt },
    };

    protected override QueryableFields<Session> Fields => QueryFields;
    protected override string EntityName => "session";
    protected override IQueryable<Session> Rows => db.VisibleSessions();
    protected override IQueryable<SessionWithClient> IncludeRelated(IQueryable<Session> rows) => rows.WithClients(db);

    protected override UserSession ToContract(SessionWithClient row) => new(
        Id: row.Session.Id,
        UserId: row.Session.UserId,
        HospitalId: row.Session.User!.HospitalId,
        ClientId: row.Session.ClientId,
        ClientName: row.ClientName,
        Scope: row.Session.Scope,
        AuthenticationMethods: AuthenticationMethods.GetClaim(row.Session.AuthenticationMethods),
        StartedAt: row.Session.StartedAt,
        LastUsedAt: row.Session.LastUsedAt ?? row.Session.StartedAt,
        EndsAt: row.Session.EndsAt,
        IsCurrent: row.Session.Id == db.Tenancy.Caller.SessionId,
        IsBrowser: row.Session.IsBrowser);
}
