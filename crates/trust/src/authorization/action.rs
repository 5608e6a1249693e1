//! Every action that the policies decide on: one list.

use std::fmt;
use std::str::FromStr;

use vocabulary::Bilingual;

/// A text that names no [`Action`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no action")]
pub struct ActionError(String);

macro_rules! actions {
    ($($name:ident, $zh:literal, $en:literal;)+) => {
        /// Something that a caller may be allowed to do.
        ///
        /// A new action is one line in `action.rs` and one word in
        /// `policies/fenhe.cedarschema`; until a policy permits it, nobody may.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $(#[doc = $en] $name,)+
        }

        impl Action {
            /// All actions, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name, as in the policies and in the scopes of a token.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }

            /// The name for people.
            pub fn label(self) -> Bilingual {
                match self { $(Self::$name => Bilingual::new($zh, $en)),+ }
            }
        }
    };
}

actions! {
    RegisterAsset, "登记数据资产", "register an asset";
    EditAsset, "修改数据资产", "edit an asset";
    SubmitAsset, "提交数据资产", "submit an asset";
    ConsentAsset, "单位审核数据资产", "consent to an asset for the unit";
    ReturnAsset, "退回数据资产", "return an asset to its filer";
    PublishAsset, "发布数据资产目录", "publish an asset's catalogue entry";
    WithdrawAsset, "撤回数据资产", "withdraw an asset";
    TakeOverEntries, "接收其他目录的条目", "take over entries of another catalogue";
    ViewAsset, "查看数据资产", "view an asset";
    Upload, "上传数据", "upload data";
    ViewUpload, "查看上传", "view an upload";
    DownloadQuarantine, "下载隔离行", "download quarantined rows";
    RunGate, "执行出口检测", "run the gate";
    ViewGateRun, "查看检测结果", "view a gate run";
    ConfirmColumns, "确认字段类别", "confirm the classes of columns";
    SubmitRelease, "提交发布", "submit a release";
    ApproveRelease, "批准发布", "approve a release";
    RejectRelease, "驳回发布", "reject a release";
    SuspendRelease, "暂停发布", "suspend a release";
    SetPrivacyBudget, "设定隐私预算", "set the privacy budget of an asset";
    ProposeSummary, "拟定差分隐私摘要", "propose a summary with differential privacy";
    ApproveSummary, "批准差分隐私摘要", "approve a summary with differential privacy";
    RejectSummary, "驳回差分隐私摘要", "reject a summary with differential privacy";
    WithdrawSummary, "撤回差分隐私摘要", "withdraw a summary with differential privacy";
    ViewSummary, "查看差分隐私摘要", "view a summary with differential privacy";
    ViewRelease, "查看发布", "view a release";
    ReadRows, "读取数据行", "read rows of a release";
    DownloadRelease, "下载发布数据", "download a release";
    SearchCatalogue, "检索目录", "search the catalogue";
    FileCase, "提交诉求", "file a case with the public desk";
    ViewCase, "查看公开的办件", "view what is public of a case";
    ActOnOwnCase, "办理本人提交的诉求", "act on one's own case";
    ReadCase, "查看办件全文与联系方式", "read a case in full, with the contact";
    HandleCase, "办理诉求", "handle a case";
    PublishQuestion, "公开诉求内容", "publish the question of a case";
    AssignCase, "指派办理单位", "assign a case to a body";
    ExtendCase, "延长答复期限", "extend the time for an answer";
    ApproveAnswer, "批准答复", "approve an answer";
    RevokeGrant, "收回数据使用授权", "take back a grant of conditional data";
    SubmitReuse, "提交应用成果", "submit a reuse";
    RateDataset, "为数据集评分", "rate a dataset";
    ReviewReuse, "审核应用成果", "review a reuse";
    EditTopic, "编辑专题", "edit a topic";
    ViewCertificate, "查看发布证书", "view a release certificate";
    ViewLog, "查看透明日志", "view the transparency log";
    ViewAudit, "查看审计记录", "view the audit trail";
    CreateAccount, "创建账户", "create an account";
    DisableAccount, "停用账户", "disable an account";
    ListAccounts, "查看账户清单", "list accounts";
    GrantRole, "授予角色", "grant a role";
    RevokeRole, "撤销角色", "revoke a role";
    CreateBody, "登记单位", "register a body";
    CreateToken, "创建访问令牌", "create an API token";
    RevokeToken, "撤销访问令牌", "revoke an API token";
    ViewJobs, "查看任务", "view jobs";
    ViewOwnAccount, "查看本人账户", "view one's own account";
    ChangePassword, "修改密码", "change one's password";
    SignIn, "登录", "sign in";
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Action {
    type Err = ActionError;

    fn from_str(text: &str) -> Result<Self, ActionError> {
        Self::ALL
            .iter()
            .find(|action| action.name() == text)
            .copied()
            .ok_or_else(|| ActionError(text.chars().take(40).collect()))
    }
}
