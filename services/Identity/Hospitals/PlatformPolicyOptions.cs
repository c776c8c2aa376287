using System.ComponentModel.DataAnnotations;
using Limits = MedCor.Contracts.Identity.SignInPolicy;

namespace MedCor.Identity.Hospitals;

/// <summary>Holds the rules by which platform administrators sign in, whom no hospital's rules concern. Section <c>Identity</c>.</summary>
internal sealed class PlatformPolicyOptions
{
    /// <summary>Gets or sets whether platform administrators must have a second factor.</summary>
    public bool PlatformRequiresSecondFactor { get; set; }

    /// <summary>Gets or sets the time without a refresh after which a session of a platform administrator ends, in minutes.</summary>
    [Range(Limits.MinIdleMinutes, Limits.MaxIdleMinutes, ErrorMessage = "Identity__PlatformIdleMinutes must be between 5 and 10080 minutes.")]
    public int PlatformIdleMinutes { get; set; } = Limits.MaxIdleMinutes;

    /// <summary>Gets or sets the time after which a session of a platform administrator ends, however often it is refreshed, in hours.</summary>
    [Range(1, Limits.LongestSessionHours, ErrorMessage = "Identity__PlatformMaxSessionHours must be between 1 and 720 hours.")]
    public int PlatformMaxSessionHours { get; set; } = Limits.LongestSessionHours;

    /// <summary>Gets or sets how many minutes ago a platform administrator who calls a dangerous tool may have logged in; null for any time.</summary>
    [Range(Limits.MinStepUpMinutes, Limits.MaxStepUpMinutes, ErrorMessage = "Identity__PlatformStepUpMinutes must be between 1 and 1440 minutes.")]
    public int? PlatformStepUpMinutes { get; set; }
}
