"""What operators fill in for an account at Amazon."""

from channels_app.credentials import Form, Plain, Secret


class AwsForm(Form, frozen=True, kw_only=True):
    """Keys of a user who may send, and what of SNS is believed when it calls us."""

    access_key_id: Plain
    secret_access_key: Secret
    session_token: Secret = ""
    region: Plain
    topic_arns: tuple[str, ...] = ()  # SNS topics that may call the hook; without one nobody is believed
    certificates_url: str = ""  # certificates below this URL are believed, too; "" = Amazon's own alone
    base_url: str = ""  # "" = Amazon's endpoint in the region
