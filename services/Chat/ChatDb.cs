using MedCor.Chat.Prompts;
using MedCor.ServiceDefaults.Messaging;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat;

internal sealed class ChatDb(DbContextOptions<ChatDb> options, Tenancy tenancy, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, tenancy, clock, signal)
{
    internal IQueryable<Session> Sessions => Rows<Session>();
}
