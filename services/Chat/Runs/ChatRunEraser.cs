using MedCor.ChatStreams;
using MedCor.Platform.Erasures;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Chat.Runs;

/// <summary>Deletes the runs of an erased user from Redis, where an answer stays for a while to be read piece by piece.</summary>
internal sealed class ChatRunEraser(ChatDb db, ChatStreamStore streams) : IUserEraser
{
    public async Task EraseAsync(Guid user, CancellationToken ct)
    {
        var runs = await db.Runs.Where(c => c.OwnerId == user).Select(c => new { c.Id, c.HospitalId, c.RequestId }).ToListAsync(ct);
        foreach (var run in runs) await streams.DiscardAsync(run.Id, new(run.HospitalId, user), run.RequestId);
    }
}
