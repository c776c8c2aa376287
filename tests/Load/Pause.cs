namespace MedCor.Load;

/// <summary>Lets others work.</summary>
internal static class Pause
{
    public static async Task For(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync();
    }
}
