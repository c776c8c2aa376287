using MedCor.ServiceDefaults.Commands;

namespace MedCor.Identity.Keys;

/// <summary>Makes a key that signs from now on: for when a key or the secret got lost.</summary>
internal sealed class RotateKeys(KeyRing ring, TimeProvider clock) : IOperatorCommand
{
    public string Name => "rotate-keys";

    public async Task<int> Run(string[] arguments, CancellationToken ct)
    {
        await ring.Renew(at: clock.GetUtcNow(), ct);
        return 0;
    }
}
