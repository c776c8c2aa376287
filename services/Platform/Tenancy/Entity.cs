using MedCor.Contracts;

namespace MedCor.Platform.Tenancy;

/// <summary>
/// Represents a row with an ID, a version that counts its changes, and the times of its creation and last change, which are set when it is saved.
/// </summary>
public abstract class Entity
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public long Version { get; internal set; }
    public DateTimeOffset CreatedAt { get; internal set; }
    public DateTimeOffset UpdatedAt { get; internal set; }

    /// <summary>Throws <see cref="Conflict"/> when the caller expects a version other than the current one.</summary>
    public void ThrowIfVersionDiffers(long? version)
    {
        if (version is { } v && v != Version)
            throw new Conflict($"It has changed: expected version {v}, current version {Version}. Read it again, then retry.").WithDetail("version", Version);
    }
}

/// <summary>Represents a row that belongs to a hospital.</summary>
public interface ITenantOwned
{
    Guid HospitalId { get; }
}
