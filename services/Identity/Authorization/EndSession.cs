using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Sessions;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Authorization;

internal sealed class EndSessionHandler(IdentityDb db, SessionManager sessions, Consents consents) : IToolHandler<EndSession, EndedSession>
{
    public async Task<EndedSession> HandleAsync(EndSession request, CancellationToken ct)
    {
        var session = await db.VisibleSessions().AsNoTracking().SingleOrDefaultAsync(s => s.Id == request.SessionId, ct) ?? throw new NotFound("session");
        await sessions.EndAsync(session.Id, ct, action: null);
        await consents.ForgetAsync(session.Id, ct);
        return new(session.Id, session.UserId);
    }
}
